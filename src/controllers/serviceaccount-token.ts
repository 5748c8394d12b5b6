// Secrets of type kubernetes.io/service-account-token hold a token of the account they name, and go with it
// (upstream's pkg/controller/serviceaccount/tokens_controller.go).
import { isApiError } from '../api/meta/errors.js';
import { secrets, serviceaccounts } from '../api/meta/resources.gen.js';
import { ACCOUNT_NAME, ACCOUNT_UID, isTokenSecret } from '../api/shared/legacy-tokens.js';
import type { Secret, ServiceAccount } from '../api/types/core-v1.gen.js';
import { keyOf } from '../client/store.js';
import { type Controller, type ControllerDefinition, type Environment, watch, watchMapped } from './runtime/controller.js';

const MAX_RETRIES = 10;

export const serviceaccountToken: ControllerDefinition = {
  name: 'serviceaccount-token-controller',
  alias: 'serviceaccount-token',
  create: (environment) => [tokens(environment), references(environment)],
};

/** Fills the Secrets in; removes those whose account is not there. */
function tokens(environment: Environment): Controller {
  const ofAccount = ({ metadata: { namespace, name } }: ServiceAccount) =>
    environment.informers
      .of(secrets)
      .store.list(namespace)
      .filter((secret) => isTokenSecret(secret) && accountOf(secret) === name)
      .map(keyOf);
  return {
    maxRetries: MAX_RETRIES,
    for: secrets,
    watches: [watchMapped(serviceaccounts, ofAccount)],
    async reconcile(key) {
      const secret = environment.informers.of(secrets).store.get(key);
      if (!secret || !isTokenSecret(secret)) return;
      const account = await findAccount(environment, secret);
      if (account) await fill(environment, secret, account);
      else await remove(environment, secret);
    },
  };
}

/** Removes the names of Secrets that are gone from the accounts that list them. Keys are namespace/account/secret. */
function references({ client, informers }: Environment): Controller {
  const keyOfReference = (secret: Secret) => `${secret.metadata.namespace}/${accountOf(secret)}/${secret.metadata.name}`;
  return {
    maxRetries: MAX_RETRIES,
    watches: [watch(secrets, (queue) => ({ delete: (secret) => void (isTokenSecret(secret) && queue.add(keyOfReference(secret))) }))],
    async reconcile(key) {
      const [namespace = '', name = '', secret = ''] = key.split('/');
      if (informers.of(secrets).store.get(`${namespace}/${secret}`)) return;
      const account = informers.of(serviceaccounts).store.get(`${namespace}/${name}`);
      if (!account?.secrets?.some((reference) => reference.name === secret)) return;
      await client.update(serviceaccounts, { ...account, secrets: account.secrets.filter((reference) => reference.name !== secret) });
    },
  };
}

function accountOf({ metadata }: Secret): string {
  return metadata.annotations?.[ACCOUNT_NAME] ?? '';
}

/** The account that the Secret names, asked for itself when the local copy may be late. */
async function findAccount({ client, informers }: Environment, secret: Secret): Promise<ServiceAccount | undefined> {
  const { namespace = '' } = secret.metadata;
  const name = accountOf(secret);
  const uid = secret.metadata.annotations?.[ACCOUNT_UID];
  const isNamed = (account: ServiceAccount | undefined) => account !== undefined && (!uid || uid === account.metadata.uid);
  const known = informers.of(serviceaccounts).store.get(`${namespace}/${name}`);
  if (isNamed(known)) return known;
  try {
    const live = await client.get(serviceaccounts, { namespace, name });
    return isNamed(live) ? live : undefined;
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function remove({ client }: Environment, { metadata: { namespace = '', name, uid } }: Secret): Promise<void> {
  try {
    await client.delete(secrets, { namespace, name }, { preconditions: { uid } });
  } catch (error) {
    // it went, or another took its place
    if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
  }
}

async function fill({ client, settings }: Environment, secret: Secret, { metadata: account }: ServiceAccount): Promise<void> {
  const { metadata, data = {} } = secret;
  const { namespace = '', name } = metadata;
  const ca = base64(settings.rootCA);
  if (data['ca.crt'] === ca && data['namespace'] && data['token']) return;
  const token =
    data['token'] || base64(await settings.secretToken({ namespace, secret: name, account: account.name, uid: account.uid ?? '' }));
  const annotations = { ...metadata.annotations, [ACCOUNT_NAME]: account.name, [ACCOUNT_UID]: account.uid ?? '' };
  const filled = { ...data, 'ca.crt': ca, namespace: data['namespace'] || base64(namespace), token };
  try {
    await client.update(secrets, { ...secret, metadata: { ...metadata, annotations }, data: filled });
  } catch (error) {
    // whoever changed it will make us look again
    if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
