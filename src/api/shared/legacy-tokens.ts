// Names about the tokens of service accounts that stand in Secrets (KEP-2799).
import type { Secret } from '../types/core-v1.gen.js';

/** Annotations: whose token a Secret holds. */
export const ACCOUNT_NAME = 'kubernetes.io/service-account.name';
export const ACCOUNT_UID = 'kubernetes.io/service-account.uid';
/** Labels, with a day each: when the token was used last, and since when it is no longer good. */
export const LAST_USED = 'kubernetes.io/legacy-token-last-used';
export const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since';
/** The config map in kube-system that tells under `since` from which day on the last use is noted. */
export const TOKEN_TRACKING = 'kube-apiserver-legacy-service-account-token-tracking';

/** Whether a Secret holds the token of a service account. */
export function isTokenSecret({ type }: Secret): boolean {
  return type === 'kubernetes.io/service-account-token';
}

/** The date of a time, as labels and config map have it. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 'yyyy-mm-dd'.length);
}

/** @returns when the day begins (UTC); undefined for what is none */
export function startOfDay(day: string | undefined): number | undefined {
  const time = day && /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(day) : Number.NaN;
  return Number.isNaN(time) || dayOf(time) !== day ? undefined : time;
}
