import { MOUNTABLE_SECRETS_ANNOTATION } from '../meta/well-known.js';
import { define } from '../definition.js';
import { age } from '../shared/format.js';
import { defaultTokenRequest, requestToken } from '../shared/token-request.js';
import type { ServiceAccount } from '../types/core-v1.gen.js';

export default define<ServiceAccount>({
  group: '',
  version: 'v1',
  resource: 'serviceaccounts',
  returnDeletedObject: true,
  subresources: { token: { keepsUid: true, defaults: defaultTokenRequest, create: requestToken } },
  prepare: keepOnlyNames,
  warnings: (account, old) =>
    isEnforcing(account) && !(old && isEnforcing(old))
      ? [
          `metadata.annotations[${MOUNTABLE_SECRETS_ANNOTATION}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
        ]
      : [],
  row: (account, { now }) => [account.metadata.name, age(account, now)],
});

/** Secrets are those of the account's own namespace, so nothing but their names matters. */
function keepOnlyNames(account: ServiceAccount): void {
  account.secrets = account.secrets?.map(({ name }) => ({ name }));
}

function isEnforcing({ metadata }: ServiceAccount): boolean {
  return Object.hasOwn(metadata.annotations ?? {}, MOUNTABLE_SECRETS_ANNOTATION);
}
