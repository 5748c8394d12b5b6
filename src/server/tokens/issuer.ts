import type { TokenIssue, TokenIssuer } from '../../api/context.js';
import type { Clock } from '../../util/clock.js';
import { serviceAccountName } from '../user-names.js';
import { ISSUER, type TokenClaims } from './claims.js';
import type { SigningKey } from './keys.js';

/** The lifetime by which injected tokens are known (the ServiceAccount admission asks for it). */
const INJECTED_SECONDS = 3607;
/** Injected tokens live so long, for clients that never read their token again; after INJECTED_SECONDS their use is told (KEP-1205). */
const EXTENDED_SECONDS = 365 * 24 * 3600;

/** What signs, in whose name and for whom. */
export interface IssuerOptions {
  /** Asked for with the first token: making the key takes a while. */
  readonly key: () => Promise<SigningKey>;
  readonly clock: Clock;
  /** A new identity for each token. */
  readonly newId: () => string;
}

/** Signs tokens of service accounts. */
export function serviceAccountIssuer({ key, clock, newId }: IssuerOptions): TokenIssuer {
  const audiences = [ISSUER];
  return {
    audiences,
    async issue(request) {
      const signer = await key();
      const now = Math.floor(clock.now() / 1000);
      const extended =
        request.pod !== undefined &&
        request.expirationSeconds === INJECTED_SECONDS &&
        request.audiences.every((audience) => audiences.includes(audience));
      const claims: TokenClaims = {
        aud: request.audiences,
        exp: now + (extended ? EXTENDED_SECONDS : request.expirationSeconds),
        iat: now,
        iss: ISSUER,
        jti: newId(),
        'kubernetes.io': { ...bound(request), ...(extended && { warnafter: now + INJECTED_SECONDS }) },
        nbf: now,
        sub: serviceAccountName(request.namespace, request.serviceAccount.name),
      };
      return signer.sign({ ...claims });
    },
  };
}

function bound({ namespace, node, pod, secret, serviceAccount }: TokenIssue): TokenClaims['kubernetes.io'] {
  return { namespace, ...(node && { node }), ...(pod && { pod }), ...(secret && { secret }), serviceaccount: serviceAccount };
}
