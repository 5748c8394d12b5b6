// What a service account's token says (KEP-1205, KEP-4193).

/** An object by name and uid, as tokens name it. */
export interface ClaimedObject {
  readonly name: string;
  readonly uid?: string | undefined;
}

/** The claims under `kubernetes.io`. */
export interface PrivateClaims {
  readonly namespace: string;
  readonly node?: ClaimedObject | undefined;
  readonly pod?: ClaimedObject | undefined;
  readonly secret?: ClaimedObject | undefined;
  readonly serviceaccount: ClaimedObject;
  /** From this time on the client should have asked for another token. */
  readonly warnafter?: number | undefined;
}

/** All claims of a token; times in seconds since the epoch. */
export interface TokenClaims {
  readonly aud?: string | readonly string[] | undefined;
  readonly exp?: number | undefined;
  readonly iat?: number | undefined;
  readonly iss: string;
  readonly jti?: string | undefined;
  readonly 'kubernetes.io': PrivateClaims;
  readonly nbf?: number | undefined;
  readonly sub: string;
}

/** Who signs, and the audience of tokens that name none: kubeadm's --service-account-issuer. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';
