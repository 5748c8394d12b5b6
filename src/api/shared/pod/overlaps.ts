// Files of one volume that would lie on or inside one another.
import type { Volume, VolumeProjection } from '../../types/core-v1.gen.js';

interface File {
  readonly path: string;
  /** Which source of a projected volume it comes from. */
  readonly source: string;
}

/** Warnings for volumes whose sources put files in each other's way. */
export function* overlapWarnings(volumes: readonly Volume[]): Generator<string> {
  for (const { name, configMap, secret, downwardAPI, projected } of volumes) {
    if (configMap?.items) yield* overlaps(name, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`, files(configMap.items));
    if (secret?.items) yield* overlaps(name, `Secret ${JSON.stringify(secret.secretName ?? '')}`, files(secret.items));
    if (downwardAPI?.items) yield* overlaps(name, 'DownwardAPI', files(downwardAPI.items));
    if (!projected) continue;
    const all: File[] = [];
    for (const source of projected.sources ?? []) {
      if (Object.values(source).every((v) => v === undefined)) yield `volume ${JSON.stringify(name)} (Projected) has no sources provided`;
      else all.push(...projectedFiles(source));
    }
    yield* overlaps(name, 'Projected', all);
  }
}

function files(items: readonly { path: string }[], source = ''): File[] {
  return items.map(({ path }) => ({ path, source }));
}

function projectedFiles({ configMap, secret, downwardAPI, serviceAccountToken }: VolumeProjection): File[] {
  if (configMap?.items) return files(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`);
  if (secret?.items) return files(secret.items, `Secret ${JSON.stringify(secret.name ?? '')}`);
  if (downwardAPI?.items) return files(downwardAPI.items, 'DownwardAPI');
  return serviceAccountToken ? [{ path: serviceAccountToken.path, source: 'ServiceAccountToken' }] : [];
}

/** Of more files than these only the first are compared: the pairs of all that a body has room for would be millions. */
const MAX_COMPARED = 1000;

function* overlaps(volume: string, source: string, list: readonly File[]): Generator<string> {
  const trimmed = list.slice(0, MAX_COMPARED).map((f) => ({ ...f, path: f.path.replace(/\/+$/, '') }));
  for (const [i, file] of trimmed.entries()) {
    if (file.path === '') continue;
    for (const other of trimmed.slice(0, i)) {
      const inside = `${other.path}/`.startsWith(`${file.path}/`) || `${file.path}/`.startsWith(`${other.path}/`);
      if (other.path !== '' && inside)
        yield `volume ${JSON.stringify(volume)} (${source}): overlapping paths: ${show(file)} with ${show(other)}`;
    }
  }
}

function show({ path, source }: File): string {
  return source === '' ? JSON.stringify(path) : `${JSON.stringify(path)} (${source})`;
}
