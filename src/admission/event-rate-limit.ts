// So many events may be written in a second: in all, in a namespace, by a user, or from one source about one object.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#eventratelimit
import type { AdmissionAttributes } from '../api/admission.js';
import * as errors from '../api/meta/errors.js';
import { at, type FieldError, type FieldPath, invalid, notSupported } from '../api/meta/field-errors.js';
import { listType, scalarType } from '../api/schema/types.js';
import type { Event } from '../api/types/core-v1.gen.js';
import type { Clock } from '../util/clock.js';
import { LruCache } from '../util/lru.js';
import { TokenBucket } from '../util/token-bucket.js';
import { UserError } from '../util/user-error.js';
import { type ConfigurationDocument, configurationType, documentType, STRING } from './configuration/document.js';
import { type ConfiguredStep, isCore, type Rules } from './step.js';

/** What events share a limit. */
const KEYS = {
  Server: () => '',
  Namespace: ({ namespace }) => namespace,
  User: ({ context }) => context.user.username,
  SourceAndObject({ object }) {
    const { source, involvedObject: about } = object as Event;
    return [source.component, source.host, about.kind, about.namespace, about.name, about.uid, about.apiVersion].join('');
  },
} satisfies Record<string, (attributes: AdmissionAttributes) => string>;

/** So many namespaces, users or sources are remembered at once. */
const DEFAULT_CACHE_SIZE = 4096;

interface Limit {
  readonly type: keyof typeof KEYS;
  /** Events in a second, when the burst is used up. */
  readonly qps: number;
  readonly burst: number;
  readonly cacheSize?: number;
}

export const eventRateLimit: ConfiguredStep = {
  name: 'EventRateLimit',
  onByDefault: false,
  configure: (document) => rulesFor(readLimits(document)),
};

/** @throws UserError when the configuration is wrong, or there is none */
function readLimits(document: ConfigurationDocument | undefined): readonly Limit[] {
  if (!document)
    throw new UserError('--enable-admission-plugins: EventRateLimit needs limits from --admission-control-config-file', 'usage');
  const number = scalarType('int32');
  const { limits = [] } = document.decode<{ readonly limits?: readonly Partial<Limit>[] }>({
    kinds: [{ apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1', kind: 'Configuration' }],
    type: documentType('v1alpha1.Configuration', {
      limits: listType(configurationType('v1alpha1.Limit', { type: STRING, qps: number, burst: number, cacheSize: number })),
    }),
    strict: false,
  });
  const path = at('limits');
  document.refuse(
    limits.length === 0 ? [invalid(path, [], 'must not be empty')] : limits.flatMap((limit, i) => check(limit, path.index(i))),
  );
  return limits as readonly Limit[];
}

function check({ type, qps = 0, burst = 0, cacheSize = 0 }: Partial<Limit>, path: FieldPath): FieldError[] {
  const found: FieldError[] = [];
  if (!type || !Object.hasOwn(KEYS, type)) found.push(notSupported(path.child('type'), type ?? '', Object.keys(KEYS)));
  if (burst <= 0) found.push(invalid(path.child('burst'), burst, 'must be positive'));
  if (qps <= 0) found.push(invalid(path.child('qps'), qps, 'must be positive'));
  if (type !== 'Server' && cacheSize < 0) found.push(invalid(path.child('cacheSize'), cacheSize, 'must not be negative'));
  return found;
}

function rulesFor(limits: readonly Limit[]): Rules {
  const limiters = limits.map(limiterOf);
  return {
    handles: (attributes) => isCore(attributes, 'events', ['CREATE', 'UPDATE']) && !attributes.context.dryRun,
    validate(attributes) {
      // each counts the event, also when another one refuses it
      const problems = new Set(limiters.map((limiter) => limiter(attributes)).filter((problem) => problem !== undefined));
      if (problems.size === 0) return;
      const list = [...problems].join(', ');
      const message = `Too many requests: ${problems.size > 1 ? `[${list}]` : list}`;
      throw new errors.ApiError({ code: 429, reason: 'TooManyRequests', message });
    },
  };
}

/** @returns what takes an event from a limit, and says when there is nothing left of it */
function limiterOf({ type, qps, burst, cacheSize }: Limit): (attributes: AdmissionAttributes) => string | undefined {
  const buckets = new LruCache<string, TokenBucket>(cacheSize || DEFAULT_CACHE_SIZE);
  const bucketOf = (key: string, clock: Clock): TokenBucket => {
    const known = buckets.get(key);
    if (known) return known;
    const made = new TokenBucket(clock, { perSecond: qps, burst });
    buckets.set(key, made);
    return made;
  };
  return (attributes) => {
    const key = KEYS[type](attributes);
    if (bucketOf(key, attributes.context.services.clock).tryTake()) return undefined;
    return `limit reached on type ${type} for key ${key}`;
  };
}
