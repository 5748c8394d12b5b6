// Tokens in Secrets that an older Kubernetes made unasked, and that nobody has used for a year, are first marked as invalid and a
// year later removed (upstream's pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go).
import { isApiError } from '../api/meta/errors.js';
import { configmaps, pods, secrets, serviceaccounts } from '../api/meta/resources.gen.js';
import {
  ACCOUNT_NAME,
  ACCOUNT_UID,
  dayOf,
  INVALID_SINCE,
  isTokenSecret,
  LAST_USED,
  startOfDay,
  TOKEN_TRACKING,
} from '../api/shared/legacy-tokens.js';
import { secretNames } from '../api/shared/pod/references.js';
import type { Secret } from '../api/types/core-v1.gen.js';
import { type ControllerDefinition, type Environment, type Result, watchMapped } from './runtime/controller.js';

const NAME = 'legacy-serviceaccount-token-cleaner-controller';
const DAY_MS = 86_400_000;
/** --legacy-service-account-token-clean-up-period */
const UNUSED_MS = 365 * DAY_MS;

export const legacyTokenCleaner: ControllerDefinition = {
  name: NAME,
  alias: 'legacy-service-account-token-cleaner',
  create: (environment) => [
    {
      name: NAME,
      workers: 1,
      initial: [NAME],
      // nothing that happens is a reason to look: it is a matter of days
      watches: [watchMapped(secrets, () => []), watchMapped(serviceaccounts, () => []), watchMapped(pods, () => [])],
      reconcile: () => reconcile(environment),
    },
  ],
};

async function reconcile(environment: Environment): Promise<Result> {
  const now = environment.clock.now();
  const tracked = await trackedSince(environment);
  if (tracked !== undefined && now >= tracked + DAY_MS + UNUSED_MS)
    for (const secret of environment.informers.of(secrets).store.list())
      if (isTokenSecret(secret) && isForgotten(environment, secret, now)) await clean(environment, secret, now);
  return { after: DAY_MS };
}

async function trackedSince({ client }: Environment): Promise<number | undefined> {
  try {
    const { data } = await client.get(configmaps, { namespace: 'kube-system', name: TOKEN_TRACKING });
    return startOfDay(data?.['since']);
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** Whether a token is old, long unused, made unasked (its account lists it), and of no use to any pod. */
function isForgotten({ informers }: Environment, { metadata }: Secret, now: number): boolean {
  const { name, namespace = '', annotations, labels, creationTimestamp, deletionTimestamp } = metadata;
  if (deletionTimestamp !== undefined || Date.parse(creationTimestamp ?? '') >= now - UNUSED_MS) return false;
  const lastUsed = labels?.[LAST_USED];
  if (lastUsed !== undefined && (startOfDay(lastUsed) === undefined || lastUsed >= dayOf(now - UNUSED_MS))) return false;
  const account = informers.of(serviceaccounts).store.get(`${namespace}/${annotations?.[ACCOUNT_NAME] ?? ''}`);
  const uid = annotations?.[ACCOUNT_UID];
  if (!account?.secrets?.some((reference) => reference.name === name) || (uid && uid !== account.metadata.uid)) return false;
  return !informers
    .of(pods)
    .store.list(namespace)
    .some((pod) => secretNames(pod).includes(name));
}

async function clean({ client }: Environment, { metadata }: Secret, now: number): Promise<void> {
  const { name, namespace = '', uid, labels, resourceVersion } = metadata;
  const invalidSince = labels?.[INVALID_SINCE] ?? '';
  try {
    if (startOfDay(invalidSince) === undefined)
      await client.patch(
        secrets,
        { namespace, name },
        { type: 'merge', body: { metadata: { uid, labels: { [INVALID_SINCE]: dayOf(now) } } } },
      );
    else if (invalidSince < dayOf(now - UNUSED_MS))
      await client.delete(secrets, { namespace, name }, { preconditions: { resourceVersion } });
  } catch (error) {
    // it went, or somebody uses it after all: tomorrow is another day
    if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
  }
}
