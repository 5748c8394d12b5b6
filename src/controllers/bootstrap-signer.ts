// The config map `cluster-info` is signed with every bootstrap token that may sign, so that whoever knows one can trust what it
// says (upstream's pkg/controller/bootstrap/bootstrapsigner.go; detached signatures of RFC 7515, appendix F).
import { createHmac } from 'node:crypto';
import { isApiError } from '../api/meta/errors.js';
import { configmaps, secrets } from '../api/meta/resources.gen.js';
import {
  BOOTSTRAP_TOKEN_NAMESPACE,
  BOOTSTRAP_TOKEN_PREFIX,
  bootstrapTokenEnd,
  bootstrapTokenField,
  isBootstrapToken,
} from '../api/shared/bootstrap-token.js';
import type { Secret } from '../api/types/core-v1.gen.js';
import { equal } from '../util/equal.js';
import { type ControllerDefinition, type Environment, watchMapped } from './runtime/controller.js';

const NAME = 'bootstrap-signer-controller';
const SIGNED = 'kube-public/cluster-info';
const CONTENT = 'kubeconfig';
/** The id of the token follows. */
const SIGNATURE = 'jws-kubeconfig-';

export const bootstrapSigner: ControllerDefinition = {
  name: NAME,
  alias: 'bootstrapsigner',
  offByDefault: true,
  create: (environment) => [
    {
      name: NAME,
      workers: 1,
      watches: [
        watchMapped(configmaps, ({ metadata }) => (`${metadata.namespace}/${metadata.name}` === SIGNED ? [SIGNED] : [])),
        watchMapped(secrets, (secret) => (isCandidate(secret) ? [SIGNED] : [])),
      ],
      reconcile: () => reconcile(environment),
    },
  ],
};

async function reconcile({ client, clock, informers }: Environment): Promise<undefined> {
  const present = informers.of(configmaps).store.get(SIGNED);
  const content = present?.data?.[CONTENT];
  if (!present || content === undefined) return;
  const tokens = informers
    .of(secrets)
    .store.list(BOOTSTRAP_TOKEN_NAMESPACE)
    .filter((secret) => maySign(secret, clock.now()));
  const data = Object.fromEntries([
    ...Object.entries(present.data ?? {}).filter(([key]) => !key.startsWith(SIGNATURE)),
    ...tokens.map((secret) => [`${SIGNATURE}${idOf(secret)}`, signature(content, secret)]),
  ]) as Record<string, string>;
  if (equal(data, present.data)) return;
  try {
    await client.update(configmaps, { ...present, data });
  } catch (error) {
    // whoever changed it will make us look again
    if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
  }
}

function isCandidate(secret: Secret): boolean {
  return isBootstrapToken(secret) && secret.metadata.namespace === BOOTSTRAP_TOKEN_NAMESPACE;
}

function maySign(secret: Secret, now: number): boolean {
  const id = idOf(secret);
  return (
    isCandidate(secret) &&
    /^[a-z0-9]{6}$/.test(id) &&
    secret.metadata.name === `${BOOTSTRAP_TOKEN_PREFIX}${id}` &&
    bootstrapTokenField(secret, 'token-secret') !== '' &&
    bootstrapTokenEnd(secret) > now &&
    bootstrapTokenField(secret, 'usage-bootstrap-signing') === 'true'
  );
}

function idOf(secret: Secret): string {
  return bootstrapTokenField(secret, 'token-id');
}

function signature(content: string, secret: Secret): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', kid: idOf(secret) })).toString('base64url');
  const text = `${header}.${Buffer.from(content).toString('base64url')}`;
  return `${header}..${createHmac('sha256', bootstrapTokenField(secret, 'token-secret')).update(text).digest('base64url')}`;
}
