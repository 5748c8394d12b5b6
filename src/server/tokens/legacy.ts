// The tokens that stand in Secrets of type kubernetes.io/service-account-token (KEP-2799): signed by the controller manager with
// the server's key, without an end, good for as long as the Secret holds them.
import { timingSafeEqual } from 'node:crypto';
import type { Reader, TokenAuthenticator } from '../../api/context.js';
import { secrets, serviceaccounts } from '../../api/meta/resources.gen.js';
import { dayOf, INVALID_SINCE, LAST_USED } from '../../api/shared/legacy-tokens.js';
import type { Secret } from '../../api/types/core-v1.gen.js';
import type { Clock } from '../../util/clock.js';
import { goQuoteList } from '../../api/meta/quote.js';
import { serviceAccountGroups, serviceAccountName } from '../user-names.js';
import { ISSUER } from './claims.js';
import { type Claims, type SigningKey, unverifiedClaims } from './keys.js';

const LEGACY_ISSUER = 'kubernetes/serviceaccount';
/** Claims. */
const NAMESPACE = 'kubernetes.io/serviceaccount/namespace';
const SECRET_NAME = 'kubernetes.io/serviceaccount/secret.name';
const CLAIMED_NAME = 'kubernetes.io/serviceaccount/service-account.name';
const CLAIMED_UID = 'kubernetes.io/serviceaccount/service-account.uid';
const DAY_MS = 86_400_000;

/** What the tokens of Secrets are judged by. */
export interface LegacyOptions {
  readonly key: () => Promise<SigningKey>;
  readonly clock: Clock;
  readonly reader: Reader;
  /** Puts labels on a Secret. Failures are its own affair: they keep nobody out. */
  readonly label: (secret: Secret, labels: Readonly<Record<string, string>>) => Promise<void>;
}

/**
 * Knows the tokens of Secrets: by signature, and as long as Secret and ServiceAccount are those that the token names. Notes
 * on the Secret the day it was last used, which the controller that cleans them up goes by.
 */
export function legacyTokens({ key, clock, reader, label }: LegacyOptions): TokenAuthenticator {
  return {
    async authenticate(token, wanted = [ISSUER]) {
      const claims = unverifiedClaims(token);
      if (claims?.['iss'] !== LEGACY_ISSUER) return undefined;
      (await key()).check(token);
      const audiences = wanted.filter((audience) => audience === ISSUER);
      if (audiences.length === 0) throw new Error(`token audiences [] is invalid for the target audiences ${goQuoteList(wanted)}`);
      const named = namesIn(claims);
      const secret = secretOf(token, named, reader);
      checkAccount(named, reader);
      const invalidSince = secret.metadata.labels?.[INVALID_SINCE];
      await noteUse(secret, clock.now(), label);
      if (invalidSince) throw new Error(invalidated(named));
      const { namespace, account, uid } = named;
      return { user: { username: serviceAccountName(namespace, account), uid, groups: serviceAccountGroups(namespace) }, audiences };
    },
  };
}

/** Signs tokens for Secrets to hold: they have no end of their own. */
export function legacyIssuer(key: () => Promise<SigningKey>): (names: Names) => Promise<string> {
  return async ({ namespace, secret, account, uid }) =>
    (await key()).sign({
      iss: LEGACY_ISSUER,
      [NAMESPACE]: namespace,
      [SECRET_NAME]: secret,
      [CLAIMED_NAME]: account,
      [CLAIMED_UID]: uid,
      sub: serviceAccountName(namespace, account),
    });
}

/** What a token names: its Secret and its account, whose uid it is. */
export interface Names {
  readonly namespace: string;
  readonly secret: string;
  readonly account: string;
  readonly uid: string;
}

function namesIn(claims: Claims): Names {
  const sub = claim(claims, 'sub', 'sub');
  const namespace = claim(claims, NAMESPACE, 'namespace');
  const secret = claim(claims, SECRET_NAME, 'secretName');
  const account = claim(claims, CLAIMED_NAME, 'serviceAccountName');
  const uid = claim(claims, CLAIMED_UID, 'serviceAccountUID');
  if (sub !== serviceAccountName(namespace, account)) throw new Error('sub claim is invalid');
  return { namespace, secret, account, uid };
}

function claim(claims: Claims, name: string, called: string): string {
  const value = claims[name];
  if (typeof value !== 'string' || value === '') throw new Error(`${called} claim is missing`);
  return value;
}

/** The Secret that holds the token. */
function secretOf(token: string, { namespace, secret: name }: Names, reader: Reader): Secret {
  const secret = reader.get(secrets, namespace, name);
  if (!secret || secret.metadata.deletionTimestamp !== undefined) throw new Error('Token has been invalidated');
  const held = Buffer.from(secret.data?.['token'] ?? '', 'base64');
  const shown = Buffer.from(token);
  if (held.length !== shown.length || !timingSafeEqual(held, shown)) throw new Error("Token does not match server's copy");
  return secret;
}

function checkAccount({ namespace, account: name, uid }: Names, reader: Reader): void {
  const account = reader.get(serviceaccounts, namespace, name);
  if (!account) throw new Error(`serviceaccounts ${JSON.stringify(name)} not found`);
  if (account.metadata.deletionTimestamp !== undefined) throw new Error(`ServiceAccount ${namespace}/${name} has been deleted`);
  if (account.metadata.uid !== uid) throw new Error(`ServiceAccount UID (${account.metadata.uid}) does not match claim (${uid})`);
}

function invalidated({ namespace, secret, account }: Names): string {
  return `the token in secret ${namespace}/${secret} for service account ${namespace}/${account} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${INVALID_SINCE}' label from the secret to temporarily allow use of this token`;
}

/** A server whose clock is a little ahead may have written tomorrow. */
async function noteUse(secret: Secret, now: number, label: LegacyOptions['label']): Promise<void> {
  const known = secret.metadata.labels?.[LAST_USED];
  if (known !== dayOf(now) && known !== dayOf(now + DAY_MS)) await label(secret, { [LAST_USED]: dayOf(now) });
}
