// Projected volumes: several sources in one directory, so their paths may not meet.
import { type FieldError, type FieldPath, forbidden, invalid, notSupported, required, tooLong } from '../../meta/field-errors.js';
import { validateLabelSelector } from '../../meta/label-selector.js';
import { byteLength, isDNS1123Label, isDNS1123Subdomain, isQualifiedName, nameIsDNSSubdomain } from '../../meta/names.js';
import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../types/core-v1.gen.js';
import { goValue } from '../go-value.js';
import { checkFileMode, checkVolumeFilePath, invalids, requireText } from './checks.js';
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
  const errors = checkFileMode(path.child('defaultMode'), source.defaultMode);
  for (const [i, projection] of (source.sources ?? []).entries())
    errors.push(...validateProjection(projection, path, path.child('sources').index(i), paths));
  return errors;
}

function validateProjection(projection: VolumeProjection, volume: FieldPath, path: FieldPath, paths: Paths): FieldError[] {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = projection;
  const errors: FieldError[] = [];
  for (const [name, source] of Object.entries({ secret, configMap })) {
    if (!source) continue;
    errors.push(...requireText(path.child(name, 'name'), source.name));
    for (const [i, item] of (source.items ?? []).entries())
      errors.push(...validateKeyToPath(item, path.child(name, 'items').index(i)), ...paths.take(item.path, source.name ?? ''));
  }
  for (const file of downwardAPI?.items ?? [])
    errors.push(...validateDownwardFile(file, path.child('downwardAPI')), ...paths.take(file.path));
  if (serviceAccountToken) errors.push(...validateToken(serviceAccountToken, volume, path.child('serviceAccountToken')));
  if (clusterTrustBundle) {
    errors.push(...validateTrustBundle(clusterTrustBundle, path.child('clusterTrustBundle')));
    errors.push(...paths.take(clusterTrustBundle.path));
  }
  if (podCertificate) errors.push(...validatePodCertificate(podCertificate, path.child('podCertificate'), paths));
  if (Object.values(projection).filter((s) => s !== undefined).length > 1)
    errors.push(forbidden(path, 'may not specify more than 1 volume type per source'));
  return errors;
}

/** A key of a ConfigMap or Secret that becomes a file. */
export function validateKeyToPath(item: KeyToPath, path: FieldPath): FieldError[] {
  return [
    ...requireText(path.child('key'), item.key),
    ...requireText(path.child('path'), item.path),
    ...checkVolumeFilePath(path.child('path'), item.path ?? ''),
    ...checkFileMode(path.child('mode'), item.mode),
  ];
}

/** A file that shows a field of the pod. */
export function validateDownwardFile(file: DownwardAPIVolumeFile, path: FieldPath): FieldError[] {
  const errors = [...requireText(path.child('path'), file.path), ...checkVolumeFilePath(path.child('path'), file.path ?? '')];
  if (file.fieldRef) {
    errors.push(...validateFieldRef(file.fieldRef, VOLUME_FIELDS, path.child('fieldRef')));
    if (file.resourceFieldRef) errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
  } else if (file.resourceFieldRef) errors.push(...validateResourceFieldRef(file.resourceFieldRef, path.child('resourceFieldRef'), true));
  else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  return [...errors, ...checkFileMode(path.child('mode'), file.mode)];
}

function validateToken(token: ServiceAccountTokenProjection, volume: FieldPath, path: FieldPath): FieldError[] {
  const seconds = token.expirationSeconds ?? 0;
  const errors: FieldError[] = [];
  if (seconds < 600) errors.push(invalid(path.child('expirationSeconds'), seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > 2 ** 32)
    errors.push(invalid(path.child('expirationSeconds'), seconds, 'may not specify a duration larger than 2^32 seconds'));
  // upstream names the volume's path here, not the source's
  if (!token.path) errors.push(required(volume.child('path')));
  else errors.push(...checkVolumeFilePath(volume.child('path'), token.path));
  return errors;
}

function validateTrustBundle(bundle: ClusterTrustBundleProjection, path: FieldPath): FieldError[] {
  const { name, signerName, labelSelector } = bundle;
  const errors: FieldError[] = [];
  if (name !== undefined && signerName !== undefined)
    errors.push(invalid(path, goValue(bundle), 'only one of name and signerName may be used'));
  else if (name !== undefined) {
    if (name === '') errors.push(required(path.child('name'), 'must be a valid object name'));
    errors.push(...bundleName(name).map((m) => invalid(path.child('name'), name, `not a valid clustertrustbundlename: ${m}`)));
    if (labelSelector) errors.push(invalid(path.child('labelSelector'), labelSelector, 'labelSelector must be unset if name is specified'));
  } else if (signerName !== undefined) {
    if (signerName === '') errors.push(required(path.child('signerName'), 'must be a valid signer name'));
    errors.push(...validateSignerName(signerName, path.child('signerName')));
    errors.push(...validateLabelSelector(labelSelector, path.child('labelSelector')));
  } else errors.push(required(path, 'either name or signerName must be specified'));
  return [...errors, ...requireText(path.child('path'), bundle.path), ...checkVolumeFilePath(path.child('path'), bundle.path ?? '')];
}

/** A bundle of a signer is called `signer.example.com:path:rest`; others have no colon. */
function bundleName(name: string): string[] {
  const colon = name.lastIndexOf(':');
  return nameIsDNSSubdomain(colon < 0 ? name : name.slice(colon + 1), false);
}

const KEY_TYPES = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519'];
const DAY = 24 * 60 * 60;

function validatePodCertificate(source: PodCertificateProjection, path: FieldPath, paths: Paths): FieldError[] {
  const errors = validateSignerName(source.signerName, path.child('signerName'));
  errors.push(...validateUserAnnotations(source.userAnnotations ?? {}, path.child('userAnnotations')));
  if (!KEY_TYPES.includes(source.keyType)) errors.push(notSupported(path.child('keyType'), source.keyType, KEY_TYPES));
  const seconds = source.maxExpirationSeconds;
  if (seconds !== undefined) {
    const host = source.signerName.split('/')[0] ?? '';
    const max = host === 'kubernetes.io' || host.endsWith('.kubernetes.io') ? DAY : 91 * DAY;
    const at = path.child('maxExpirationSeconds');
    if (seconds < 3600) errors.push(invalid(at, seconds, 'if provided, maxExpirationSeconds must be >= 3600'));
    if (seconds > max) errors.push(invalid(at, seconds, `if provided, maxExpirationSeconds must be <= ${max}`));
  }
  const files = (['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const).filter((f) => source[f]);
  for (const file of files) errors.push(...checkVolumeFilePath(path.child(file), source[file] ?? ''), ...paths.take(source[file]));
  if (files.length === 0) errors.push(required(path, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'));
  return errors;
}

function validateUserAnnotations(annotations: Readonly<Record<string, string>>, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [name, value] of Object.entries(annotations)) {
    const key = name.toLowerCase();
    size += byteLength(name) + byteLength(value);
    const wrong = isQualifiedName(key);
    if (key === '') errors.push(required(path));
    else if (wrong.length) errors.push(...invalids(path, key, wrong));
    else if (!key.includes('/')) errors.push(invalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")'));
  }
  return size > 256 * 1024 ? [...errors, tooLong(path, 256 * 1024)] : errors;
}

/** `example.com/signer`: a domain and a path, as certificates name who signs them. */
export function validateSignerName(name: string, path: FieldPath): FieldError[] {
  if (!name) return [required(path)];
  const [domain = '', tail, more] = name.split('/');
  if (tail === undefined || more !== undefined)
    return [invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  const errors: FieldError[] = [];
  if (byteLength(domain) > 253) errors.push(tooLong(path, 253));
  const labels = domain.split('.');
  errors.push(...firstWrong(labels, isDNS1123Label, path, domain));
  if (labels.length < 2) errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  errors.push(...firstWrong(tail.split('.'), isDNS1123Subdomain, path, tail));
  if (byteLength(name) > 571) errors.push(tooLong(path, 571));
  return errors;
}

// errors beyond the first wrong label would repeat it
function firstWrong(labels: readonly string[], check: (label: string) => string[], path: FieldPath, value: string): FieldError[] {
  const wrong = labels.find((label) => check(label).length > 0);
  if (wrong === undefined) return [];
  return invalids(
    path,
    value,
    check(wrong).map((m) => `validating label ${JSON.stringify(wrong)}: ${m}`),
  );
}
