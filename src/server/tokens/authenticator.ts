import type { Reader, TokenAuthenticator } from '../../api/context.js';
import type { KubeObject, Resource, UserInfo } from '../../api/meta/object.js';
import { nodes, pods, secrets, serviceaccounts } from '../../api/meta/resources.gen.js';
import { NODE_NAME_EXTRA } from '../../api/meta/well-known.js';
import type { Clock } from '../../util/clock.js';
import { goQuoteList } from '../../api/meta/quote.js';
import { CREDENTIAL_ID, serviceAccountGroups, serviceAccountName } from '../user-names.js';
import { type ClaimedObject, ISSUER, type PrivateClaims, type TokenClaims } from './claims.js';
import { type SigningKey, unverifiedClaims } from './keys.js';

/** Clocks of different machines may differ by so much. */
const LEEWAY_MS = 60_000;

/** What tells whether a token of a ServiceAccount holds: its key, and the objects it is bound to. */
export interface AuthenticatorOptions {
  readonly key: () => Promise<SigningKey>;
  readonly clock: Clock;
  readonly reader: Reader;
}

/**
 * Knows the tokens that this cluster's issuer has signed: by signature, time, audience, and the objects they are bound
 * to, which must still be there. Its `authenticate` rejects with an Error that says what is wrong with such a token.
 */
export function serviceAccountTokens({ key, clock, reader }: AuthenticatorOptions): TokenAuthenticator {
  return {
    async authenticate(token, wanted = [ISSUER]) {
      const claimed = unverifiedClaims(token);
      if (claimed?.['iss'] !== ISSUER) return undefined;
      (await key()).check(token);
      const claims = claimed as unknown as TokenClaims;
      const own = [claims.aud ?? []].flat();
      // tokens that name no audience (those in Secrets) are for this server
      const audiences = wanted.filter((audience) => (own.length > 0 ? own : [ISSUER]).includes(audience));
      if (audiences.length === 0)
        throw new Error(`token audiences ${goQuoteList(own)} is invalid for the target audiences ${goQuoteList(wanted)}`);
      checkTimes(claims, clock.now());
      checkObjects(claims['kubernetes.io'], reader, clock.now());
      return { user: userOf(claims), audiences };
    },
  };
}

function checkTimes({ exp, nbf, iat }: TokenClaims, now: number): void {
  if (nbf !== undefined && now + LEEWAY_MS < nbf * 1000) throw new Error('service account token is not valid yet');
  if (exp !== undefined && now - LEEWAY_MS > exp * 1000) throw new Error('service account token has expired');
  if (iat !== undefined && now + LEEWAY_MS < iat * 1000) throw new Error('service account token is issued in the future');
}

function checkObjects({ namespace, serviceaccount, secret, pod, node }: PrivateClaims, reader: Reader, now: number): void {
  const account = reader.get(serviceaccounts, namespace, serviceaccount.name);
  if (!account) throw new Error(`serviceaccounts ${JSON.stringify(serviceaccount.name)} not found`);
  if (account.metadata.uid !== serviceaccount.uid)
    throw new Error(`service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`);
  if (isGone(account, now)) throw new Error(`service account ${namespace}/${serviceaccount.name} has been deleted`);
  const check = (resource: Resource, claimed: ClaimedObject, what: string) => {
    const object = reader.get(resource, resource.namespaced ? namespace : '', claimed.name);
    if (!object || isGone(object, now)) throw new Error('service account token has been invalidated');
    if (object.metadata.uid !== claimed.uid)
      throw new Error(`${what} UID (${object.metadata.uid}) does not match service account ${what} ref claim (${claimed.uid})`);
  };
  if (secret) check(secrets, secret, 'secret');
  if (pod) check(pods, pod, 'pod');
  // with a pod the node only says where it ran
  else if (node) check(nodes, node, 'node');
}

/** An object on its way out counts as there for as long as clocks may differ. */
function isGone({ metadata: { deletionTimestamp } }: KubeObject, now: number): boolean {
  return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) < now - LEEWAY_MS;
}

function userOf({ jti, 'kubernetes.io': { namespace, serviceaccount, pod, node } }: TokenClaims): UserInfo {
  const extra: Record<string, string[]> = {};
  if (pod?.uid) {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name];
    extra['authentication.kubernetes.io/pod-uid'] = [pod.uid];
  }
  if (jti) extra[CREDENTIAL_ID] = [`JTI=${jti}`];
  if (node) {
    extra[NODE_NAME_EXTRA] = [node.name];
    if (node.uid) extra['authentication.kubernetes.io/node-uid'] = [node.uid];
  }
  return {
    username: serviceAccountName(namespace, serviceaccount.name),
    ...(serviceaccount.uid && { uid: serviceaccount.uid }),
    groups: serviceAccountGroups(namespace),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}
