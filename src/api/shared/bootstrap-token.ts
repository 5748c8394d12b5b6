// Tokens by which nodes join a cluster, kept in Secrets (https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/).
import type { Secret } from '../types/core-v1.gen.js';

/** Where the Secrets are, and how their names begin; the id of the token follows. */
export const BOOTSTRAP_TOKEN_NAMESPACE = 'kube-system';
export const BOOTSTRAP_TOKEN_PREFIX = 'bootstrap-token-';

const GROUP = 'system:bootstrappers';
const RFC3339 = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)$/;

/** @returns id and secret part of what may be such a token */
export function parseBootstrapToken(token: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(token) ?? [];
  return id !== undefined && secret !== undefined ? { id, secret } : undefined;
}

/** Whether a Secret holds such a token. */
export function isBootstrapToken({ type }: Secret): boolean {
  return type === 'bootstrap.kubernetes.io/token';
}

/** The text under a key of the Secret's data; "": there is none. */
export function bootstrapTokenField(secret: Secret, key: string): string {
  return Buffer.from(secret.data?.[key] ?? '', 'base64').toString();
}

/** @returns when the token ends: 0 for a time that cannot be read, Infinity for none */
export function bootstrapTokenEnd(secret: Secret): number {
  const text = bootstrapTokenField(secret, 'expiration');
  if (text === '') return Number.POSITIVE_INFINITY;
  const [, day] = RFC3339.exec(text) ?? [];
  const end = Date.parse(text.replace(',', '.'));
  // JavaScript reads 30 February as 2 March, Go does not
  return day === undefined || Number.isNaN(end) || !new Date(day).toJSON()?.startsWith(day) ? 0 : end;
}

/** @returns the groups of whoever shows the token; undefined when one may not be given by tokens */
export function bootstrapTokenGroups(secret: Secret): string[] | undefined {
  const extra = bootstrapTokenField(secret, 'auth-extra-groups');
  const groups = extra === '' ? [] : extra.split(',');
  if (!groups.every((group) => /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/.test(group))) return undefined;
  return [...new Set([GROUP, ...groups])].sort();
}
