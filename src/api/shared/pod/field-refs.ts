// References from environment variables and downward API volumes to fields and resources of the pod itself.
import { type FieldError, type FieldPath, invalid, notSupported, required } from '../../meta/field-errors.js';
import { isZero } from '../../meta/quantity.js';
import type { ObjectFieldSelector, ResourceFieldSelector } from '../../types/core-v1.gen.js';
import { validateQualifiedName } from '../../meta/checks.js';

/** What an environment variable may show. Sorted, as messages list it. */
export const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

/** What a file of a downward API volume may show. */
export const VOLUME_FIELDS = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];

const KNOWN_FIELDS = new Set([...ENV_FIELDS, ...VOLUME_FIELDS, 'spec.restartPolicy', 'spec.schedulerName', 'status.phase']);

/** @returns what is wrong with a reference to a field; `fields`: those that may be named without a key */
export function validateFieldRef(ref: ObjectFieldSelector, path: FieldPath, fields: readonly string[]): FieldError[] {
  if (!ref.apiVersion) return [required(path.child('apiVersion'))];
  if (!ref.fieldPath) return [required(path.child('fieldPath'))];
  const { name, key } = splitKey(ref.fieldPath);
  const unknown = conversionError(ref.apiVersion, ref.fieldPath, name, key);
  if (unknown) return [invalid(path.child('fieldPath'), ref.fieldPath, `error converting fieldPath: ${unknown}`)];
  if (key !== undefined) return validateQualifiedName(name === 'metadata.annotations' ? key.toLowerCase() : key, path);
  // the old name of spec.nodeName
  const current = name === 'spec.host' ? 'spec.nodeName' : name;
  return fields.includes(current) ? [] : [notSupported(path.child('fieldPath'), current, fields)];
}

/** `metadata.labels['app']` is a field and a key. */
function splitKey(path: string): { name: string; key: string | undefined } {
  const match = /^(.+?)\['(.*)'\]$/s.exec(path);
  return match ? { name: match[1] ?? '', key: match[2] ?? '' } : { name: path, key: undefined };
}

function conversionError(version: string, path: string, name: string, key: string | undefined): string | undefined {
  if (version !== 'v1') return `unsupported pod version: ${version}`;
  if (key !== undefined)
    return name === 'metadata.annotations' || name === 'metadata.labels' ? undefined : `field label does not support subscript: ${path}`;
  return KNOWN_FIELDS.has(name) || name === 'spec.host' ? undefined : `field label not supported: ${path}`;
}

const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

/** @returns what is wrong with a reference to a container's resource; a volume must say which container */
export function validateResourceFieldRef(ref: ResourceFieldSelector, path: FieldPath, inVolume: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (inVolume && !ref.containerName) errors.push(required(path.child('containerName')));
  else if (!ref.resource) errors.push(required(path.child('resource')));
  else if (!RESOURCES.includes(ref.resource) && !isHugePagesField(ref.resource))
    errors.push(notSupported(path.child('resource'), ref.resource, RESOURCES));
  return [...errors, ...validateDivisor(ref, path.child('divisor'))];
}

function isHugePagesField(resource: string): boolean {
  return /^(?:requests|limits)\.hugepages-/.test(resource);
}

const UNITS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

function validateDivisor({ resource, divisor }: ResourceFieldSelector, path: FieldPath): FieldError[] {
  if (divisor === undefined || isZero(divisor)) return [];
  const refuse = (units: string, what: string) => [
    invalid(path, resource, `only divisor's values ${units} are supported with the ${what} resource`),
  ];
  const name = resource.slice(resource.indexOf('.') + 1);
  if (name === 'cpu') return ['1', '1m'].includes(divisor) ? [] : refuse('1m and 1', 'cpu');
  if (UNITS.includes(divisor)) return [];
  const units = UNITS.join(', ');
  if (name === 'memory') return refuse(units, 'memory');
  if (name === 'ephemeral-storage') return refuse(units, 'local ephemeral storage');
  return isHugePagesField(resource) ? refuse(units, 'hugepages') : [];
}
