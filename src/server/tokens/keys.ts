// JSON Web Tokens in the compact form, signed with one RSA key (RFC 7515, RFC 7519; algorithm RS256).
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';

const HEADER_ALGORITHM = 'RS256';

/** What a token says; times in seconds since the epoch. */
export type Claims = Readonly<Record<string, unknown>>;

/** A public key as RFC 7517 writes it. */
export interface JsonWebKey {
  readonly use: 'sig';
  readonly kty: string;
  readonly kid: string;
  readonly alg: string;
  readonly n: string;
  readonly e: string;
}

/** The key that signs service account tokens, and what can be done with it. */
export class SigningKey {
  /** Names the key in the tokens it signed: the hash of its public half. */
  readonly id: string;
  readonly #private: KeyObject;
  readonly #public: KeyObject;

  constructor(key: KeyObject) {
    this.#private = key;
    this.#public = createPublicKey(key);
    this.id = createHash('sha256')
      .update(this.#public.export({ type: 'spki', format: 'der' }))
      .digest('base64url');
  }

  /** A JSON Web Token that makes these claims. */
  sign(claims: Claims): string {
    const text = `${encode({ alg: HEADER_ALGORITHM, kid: this.id })}.${encode(claims)}`;
    return `${text}.${sign('sha256', Buffer.from(text), this.#private).toString('base64url')}`;
  }

  /** Whether this key has signed the token. @throws Error that says why it cannot have */
  check(token: string): void {
    const [header = '', payload = '', signature = ''] = token.split('.');
    const { alg, kid } = decode(header) ?? {};
    if (typeof kid === 'string' && kid !== '' && kid !== this.id) throw new Error('invalid signature, no keys found');
    // the algorithm is the key's, never the token's choice
    const signed =
      alg === HEADER_ALGORITHM && verify('sha256', Buffer.from(`${header}.${payload}`), this.#public, Buffer.from(signature, 'base64url'));
    if (!signed) throw new Error('go-jose/go-jose: error in cryptographic primitive');
  }

  /** The public key, for /openid/v1/jwks. */
  toJson(): JsonWebKey {
    const { kty = '', n = '', e = '' } = this.#public.export({ format: 'jwk' });
    return { use: 'sig', kty, kid: this.id, alg: HEADER_ALGORITHM, n, e };
  }
}

/** What a token claims, before anybody has checked it; undefined: it is none. */
export function unverifiedClaims(token: string): Claims | undefined {
  const parts = token.split('.');
  return parts.length === 3 ? decode(parts[1] ?? '') : undefined;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(text: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return typeof value === 'object' && value !== null ? (value as Claims) : undefined;
  } catch {
    return undefined;
  }
}
