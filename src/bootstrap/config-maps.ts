// The config maps that the server keeps for other components.
import { X509Certificate } from 'node:crypto';
import { startOfDay } from '../api/shared/legacy-tokens.js';
import type { ConfigMap } from '../api/types/core-v1.gen.js';

/** Tells other servers whose certificates this one believes. */
export const AUTHENTICATION = 'extension-apiserver-authentication';

const CLIENT_CA = 'client-ca-file';
const PROXY_CA = 'requestheader-client-ca-file';

/**
 * Servers of one cluster add to what the others believe; what nobody knows goes away
 * (upstream's pkg/controlplane/controller/clusterauthenticationtrust).
 * @param now authorities that have expired by then are left out
 * @returns the config map as it should be; as it is when an authority in it cannot be read
 */
export function mendedAuthentication(present: ConfigMap, wanted: ConfigMap, now: number): ConfigMap {
  const { data = {} } = present;
  try {
    const clientCA = authorities([data[CLIENT_CA], wanted.data?.[CLIENT_CA]], now);
    const proxyCA = authorities([data[PROXY_CA]], now);
    const kept = Object.entries(data).filter(([key]) => proxyCA !== '' && key.startsWith('requestheader-'));
    return {
      ...present,
      data: { ...Object.fromEntries(kept), ...(clientCA && { [CLIENT_CA]: clientCA }), ...(proxyCA && { [PROXY_CA]: proxyCA }) },
    };
  } catch {
    return present;
  }
}

/** @returns the config map with a date in it (upstream's pkg/controlplane/controller/legacytokentracking) */
export function mendedTracking(present: ConfigMap, wanted: ConfigMap): ConfigMap {
  if (startOfDay(present.data?.['since']) !== undefined) return present;
  return { ...present, data: { ...present.data, ...wanted.data } };
}

/** @throws when there is something else than certificates */
function authorities(bundles: readonly (string | undefined)[], now: number): string {
  const blocks = bundles.flatMap((bundle) => bundle?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []);
  const valid = blocks.map((pem) => new X509Certificate(pem)).filter(({ validTo }) => Date.parse(validTo) > now);
  return [...new Set(valid.map(String))].join('');
}
