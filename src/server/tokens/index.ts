// Who a bearer token stands for, and the tokens of service accounts: signed here (issuer.ts), known again here
// (authenticator.ts; legacy.ts for those in Secrets, bootstrap.ts for those of nodes that join), and checked by others with the key that discovery.ts publishes.
import { type KeyObject, randomUUID } from 'node:crypto';
import type { Reader, TokenAuthenticator, TokenIssuer } from '../../api/context.js';
import type { Handler } from '../../handlers/request.js';
import type { Clock } from '../../util/clock.js';
import { messageOf } from '../../util/errors.js';
import { authenticated } from '../user-names.js';
import { serviceAccountTokens } from './authenticator.js';
import { bootstrapTokens } from './bootstrap.js';
import { ISSUER } from './claims.js';
import { issuerDiscovery } from './discovery.js';
import { serviceAccountIssuer } from './issuer.js';
import { SigningKey } from './keys.js';
import { legacyIssuer, type LegacyOptions, legacyTokens, type Names } from './legacy.js';

/** Where tokens come from. */
export interface TokensOptions {
  /** The tokens of --token-auth-file. */
  readonly fixed: TokenAuthenticator;
  /** Not asked for before a token of a service account comes up: making the key takes a while. */
  readonly signingKey: () => Promise<KeyObject>;
  /** Whether bootstrap tokens are believed. */
  readonly bootstrap: boolean;
  readonly clock: Clock;
  readonly reader: Reader;
  /** Puts labels on a Secret whose token was used. */
  readonly label: LegacyOptions['label'];
}

/** All that a server has to do with bearer tokens. */
export interface Tokens {
  readonly authenticator: TokenAuthenticator;
  readonly issuer: TokenIssuer;
  /** Signs the token that a Secret is to hold. */
  readonly secretToken: (names: Names) => Promise<string>;
  /** The public documents about the issuer, by path; `serverAddress` is the host and port for clients outside. */
  discovery(serverAddress: () => string): ReadonlyMap<string, Handler>;
}

/** Makes what reads tokens and, where there is a key, what signs them. */
export function createTokens({ fixed, signingKey, bootstrap, clock, reader, label }: TokensOptions): Tokens {
  let made: Promise<SigningKey> | undefined;
  const key = () => {
    made ??= signingKey().then((k) => new SigningKey(k));
    return made;
  };
  return {
    authenticator: tokenUnion([
      forThisServer(fixed),
      legacyTokens({ key, clock, reader, label }),
      serviceAccountTokens({ key, clock, reader }),
      ...(bootstrap ? [forThisServer(bootstrapTokens({ clock, reader }))] : []),
    ]),
    issuer: serviceAccountIssuer({ key, clock, newId: randomUUID }),
    secretToken: legacyIssuer(key),
    discovery: (serverAddress) => issuerDiscovery(key, serverAddress),
  };
}

/**
 * Asks one after the other; the first that knows the token decides. Rejects with what they found wrong with a token that
 * none accepts. Every user it finds is in system:authenticated.
 */
export function tokenUnion(authenticators: readonly TokenAuthenticator[]): TokenAuthenticator {
  return {
    async authenticate(token, audiences) {
      // upstream asks the tokens of its own loopback client first, and lists what they say with all the rest
      const problems = ['invalid bearer token'];
      for (const authenticator of authenticators) {
        try {
          const found = await authenticator.authenticate(token, audiences);
          if (found) return { ...found, user: authenticated(found.user) };
        } catch (error) {
          problems.push(messageOf(error));
        }
      }
      if (problems.length === 1) return undefined;
      throw new Error(`[${problems.join(', ')}]`);
    },
  };
}

/** Tokens that say nothing of audiences are for this server only. */
function forThisServer(authenticator: TokenAuthenticator): TokenAuthenticator {
  return {
    async authenticate(token, wanted = [ISSUER]) {
      const audiences = wanted.filter((audience) => audience === ISSUER);
      const found = audiences.length > 0 ? await authenticator.authenticate(token) : undefined;
      return found && { ...found, audiences };
    },
  };
}
