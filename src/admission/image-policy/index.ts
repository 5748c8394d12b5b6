// A server elsewhere decides which images may be run.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#imagepolicywebhook
import type { AdmissionAttributes } from '../../api/admission.js';
import { ApiError } from '../../api/meta/errors.js';
import { scalarType } from '../../api/schema/types.js';
import type { PodSpec } from '../../api/types/core-v1.gen.js';
import { formatDuration } from '../../util/duration.js';
import { LruCache } from '../../util/lru.js';
import { UserError } from '../../util/user-error.js';
import { type ConfigurationDocument, configurationType, STRING } from '../configuration/document.js';
import { type ConfiguredStep, forbidden, podOf, type Rules } from '../step.js';
import { BackendError, type ImageReviewStatus } from './answer.js';
import { type ImageReviewSpec, review } from './backend.js';
import { type Access, readAccess } from './kubeconfig.js';

/** Of so many reviews the answer is remembered. */
const CACHE_SIZE = 1024;
/** Annotations that the server may see. */
const SHOWN = '.image-policy.k8s.io/';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

interface Written {
  readonly kubeConfigFile?: string;
  readonly allowTTL?: number;
  readonly denyTTL?: number;
  readonly retryBackoff?: number;
  readonly defaultAllow?: boolean;
}

/** What is known of the server; times in milliseconds. */
interface ImagePolicy {
  readonly access: Access;
  readonly allowTTL: number;
  readonly denyTTL: number;
  readonly retryBackoff: number;
  /** Whether everything may be run while it does not answer. */
  readonly defaultAllow: boolean;
}

export const imagePolicyWebhook: ConfiguredStep = {
  name: 'ImagePolicyWebhook',
  onByDefault: false,
  configure: async (document) => new ImagePolicyWebhook(await readPolicy(document)),
};

/** @throws UserError when the configuration is wrong, or there is none */
async function readPolicy(document: ConfigurationDocument | undefined): Promise<ImagePolicy> {
  if (!document) throw new UserError('--enable-admission-plugins: ImagePolicyWebhook needs --admission-control-config-file', 'usage');
  const duration = scalarType('int64', 'time.Duration');
  const { imagePolicy = {} } = document.decode<{ readonly imagePolicy?: Written }>({
    type: configurationType('imagepolicy.AdmissionConfig', {
      imagePolicy: configurationType('imagepolicy.imagePolicyWebhookConfig', {
        kubeConfigFile: STRING,
        allowTTL: duration,
        denyTTL: duration,
        retryBackoff: duration,
        defaultAllow: scalarType('bool'),
      }),
    }),
    strict: false,
  });
  const { kubeConfigFile, defaultAllow = false } = imagePolicy;
  const time = (name: 'allowTTL' | 'denyTTL' | 'retryBackoff', unit: number, range: Range) => {
    const { value, problem } = within(imagePolicy[name], unit, range);
    if (problem !== undefined) throw document.error(`imagePolicy.${name}: ${problem}`);
    return value;
  };
  const times = {
    retryBackoff: time('retryBackoff', 1, { min: 1e-6, max: 5 * MINUTE, usual: 500 }),
    allowTTL: time('allowTTL', SECOND, { min: SECOND, max: 30 * MINUTE, usual: 5 * MINUTE }),
    denyTTL: time('denyTTL', SECOND, { min: SECOND, max: 30 * MINUTE, usual: 30 * SECOND }),
  };
  if (kubeConfigFile === undefined) throw document.error('imagePolicy.kubeConfigFile: Required value');
  return {
    ...times,
    access: await readAccess(document.placeOf(`imagePolicy.kubeConfigFile=${kubeConfigFile}`), kubeConfigFile),
    defaultAllow,
  };
}

interface Range {
  readonly min: number;
  readonly max: number;
  /** What holds when nothing is said, or 0. */
  readonly usual: number;
}

/** A time in milliseconds: -1 is none. */
function within(
  given: number | undefined,
  unit: number,
  { min, max, usual }: Range,
): { readonly value: number; readonly problem?: string } {
  if (given === -1) return { value: 0 };
  if (!given) return { value: usual };
  const value = given * unit;
  if (value >= min && value <= max) return { value };
  return { value, problem: `valid value is between ${formatDuration(min)} and ${formatDuration(max)}, got ${formatDuration(value)}` };
}

class ImagePolicyWebhook implements Rules {
  readonly #policy: ImagePolicy;
  readonly #answers = new LruCache<string, { readonly status: ImageReviewStatus; readonly until: number }>(CACHE_SIZE);

  constructor(policy: ImagePolicy) {
    this.#policy = policy;
  }

  handles({ definition: { group, resource }, subresource, operation }: AdmissionAttributes): boolean {
    if (group !== '' || resource !== 'pods' || (operation !== 'CREATE' && operation !== 'UPDATE')) return false;
    return subresource === '' || subresource === 'ephemeralcontainers';
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    try {
      const { allowed = false, reason } = await this.#ask(specOf(attributes), attributes.context);
      if (allowed) return;
      const why = reason
        ? `image policy webhook backend denied one or more images: ${reason}`
        : 'one or more images rejected by webhook backend';
      throw forbidden(attributes, why);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      if (this.#policy.defaultAllow) return;
      const { reason, message = '', code = 403, details } = error.status;
      if (reason === 'Forbidden') throw new ApiError({ code, reason, message, ...(details && { details }) }, { cause: error });
      throw forbidden(attributes, message);
    }
  }

  async #ask(spec: ImageReviewSpec, { services, signal }: AdmissionAttributes['context']): Promise<ImageReviewStatus> {
    const { access, retryBackoff, allowTTL, denyTTL } = this.#policy;
    const { clock, random } = services;
    const key = JSON.stringify(spec);
    const known = this.#answers.get(key);
    if (known && known.until >= clock.now()) return known.status;
    const status = await review(access, spec, { retryBackoff, clock, random, signal });
    const ttl = status.allowed ? allowTTL : denyTTL;
    if (ttl > 0) this.#answers.set(key, { status, until: clock.now() + ttl });
    return status;
  }
}

/** What the server is shown of a pod: of its subresource the containers that it is about. */
function specOf(attributes: AdmissionAttributes): ImageReviewSpec {
  const { metadata, spec } = podOf(attributes);
  const containers = imagesIn(attributes.subresource === '' ? [spec.containers, spec.initContainers] : [spec.ephemeralContainers]);
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => name.includes(SHOWN));
  return {
    ...(containers.length > 0 && { containers }),
    ...(annotations.length > 0 && { annotations: Object.fromEntries(annotations.sort(([a], [b]) => (a < b ? -1 : 1))) }),
    namespace: attributes.namespace,
  };
}

function imagesIn(lists: readonly (PodSpec['containers'] | PodSpec['ephemeralContainers'])[]): { image?: string }[] {
  return lists.flatMap((list = []) => list.map(({ image }) => (image ? { image } : {})));
}
