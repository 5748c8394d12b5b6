// Projected volumes: several sources in one directory, so their paths may not meet.
import { type FieldError, type FieldPath, forbidden, invalid, required } from '../../meta/field-errors.js';
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../types/core-v1.gen.js';
import { requireText, validateFileMode, validateVolumeFilePath } from '../../meta/checks.js';
import { validateFieldRef, validateResourceFieldRef, VOLUME_FIELDS } from './field-refs.js';

/** Paths already taken within one volume. */
class Paths {
  readonly #taken = new Set<string>();
  readonly #path: FieldPath;
  constructor(path: FieldPath) {
    this.#path = path;
  }
  take(value: string | undefined, shown: unknown = value): FieldError[] {
    if (!value) return [];
    if (this.#taken.has(value)) return [invalid(this.#path, shown, 'conflicting duplicate paths')];
    this.#taken.add(value);
    return [];
  }
}

/** @returns all that is wrong with a projected volume */
export function validateProjected(source: ProjectedVolumeSource, path: FieldPath): FieldError[] {
  const paths = new Paths(path);
  const errors = validateFileMode(source.defaultMode, path.child('defaultMode'));
  for (const [i, projection] of (source.sources ?? []).entries())
    errors.push(...validateProjection(projection, path, path.child('sources').index(i), paths));
  return errors;
}

function validateProjection(projection: VolumeProjection, volume: FieldPath, path: FieldPath, paths: Paths): FieldError[] {
  const { secret, configMap, downwardAPI, serviceAccountToken } = projection;
  const errors: FieldError[] = [];
  for (const [name, source] of Object.entries({ secret, configMap })) {
    if (!source) continue;
    errors.push(...requireText(source.name, path.child(name, 'name')));
    for (const [i, item] of (source.items ?? []).entries())
      errors.push(...validateKeyToPath(item, path.child(name, 'items').index(i)), ...paths.take(item.path, source.name ?? ''));
  }
  for (const file of downwardAPI?.items ?? [])
    errors.push(...validateDownwardFile(file, path.child('downwardAPI')), ...paths.take(file.path));
  if (serviceAccountToken) errors.push(...validateToken(serviceAccountToken, volume, path.child('serviceAccountToken')));
  if (Object.values(projection).filter((s) => s !== undefined).length > 1)
    errors.push(forbidden(path, 'may not specify more than 1 volume type per source'));
  return errors;
}

/** A key of a ConfigMap or Secret that becomes a file. */
export function validateKeyToPath(item: KeyToPath, path: FieldPath): FieldError[] {
  return [
    ...requireText(item.key, path.child('key')),
    ...requireText(item.path, path.child('path')),
    ...validateVolumeFilePath(item.path ?? '', path.child('path')),
    ...validateFileMode(item.mode, path.child('mode')),
  ];
}

/** A file that shows a field of the pod. */
export function validateDownwardFile(file: DownwardAPIVolumeFile, path: FieldPath): FieldError[] {
  const errors = [...requireText(file.path, path.child('path')), ...validateVolumeFilePath(file.path ?? '', path.child('path'))];
  if (file.fieldRef) {
    errors.push(...validateFieldRef(file.fieldRef, path.child('fieldRef'), VOLUME_FIELDS));
    if (file.resourceFieldRef) errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  } else if (file.resourceFieldRef) errors.push(...validateResourceFieldRef(file.resourceFieldRef, path.child('resourceFieldRef'), true));
  else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  return [...errors, ...validateFileMode(file.mode, path.child('mode'))];
}

function validateToken(token: ServiceAccountTokenProjection, volume: FieldPath, path: FieldPath): FieldError[] {
  const seconds = token.expirationSeconds ?? 0;
  const errors: FieldError[] = [];
  if (seconds < 600) errors.push(invalid(path.child('expirationSeconds'), seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > 2 ** 32)
    errors.push(invalid(path.child('expirationSeconds'), seconds, 'may not specify a duration larger than 2^32 seconds'));
  // upstream names the volume's path here, not the source's
  if (!token.path) errors.push(required(volume.child('path')));
  else errors.push(...validateVolumeFilePath(token.path, volume.child('path')));
  return errors;
}
