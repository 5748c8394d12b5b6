import { isApiError } from '../api/meta/errors.js';
import { secrets } from '../api/meta/resources.gen.js';
import { BOOTSTRAP_TOKEN_NAMESPACE, bootstrapTokenEnd, isBootstrapToken } from '../api/shared/bootstrap-token.js';
import type { ControllerDefinition, Environment, Result } from './runtime/controller.js';

const NAME = 'token-cleaner-controller';

/** Removes bootstrap tokens that have ended (upstream's pkg/controller/bootstrap/tokencleaner.go). */
export const tokenCleaner: ControllerDefinition = {
  name: NAME,
  alias: 'tokencleaner',
  offByDefault: true,
  create: (environment) => [{ name: NAME, for: secrets, reconcile: (key) => reconcile(environment, key) }],
};

async function reconcile({ client, clock, informers }: Environment, key: string): Promise<Result> {
  const secret = informers.of(secrets).store.get(key);
  if (!secret || !isBootstrapToken(secret) || secret.metadata.namespace !== BOOTSTRAP_TOKEN_NAMESPACE) return;
  const left = bootstrapTokenEnd(secret) - clock.now();
  if (left === Number.POSITIVE_INFINITY) return;
  if (left > 0) return { after: left };
  const { name, uid } = secret.metadata;
  try {
    await client.delete(secrets, { namespace: BOOTSTRAP_TOKEN_NAMESPACE, name }, { preconditions: { uid } });
  } catch (error) {
    // it went, or another took its place
    if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
  }
}
