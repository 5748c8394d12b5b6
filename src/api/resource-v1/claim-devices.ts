// The devices a claim asks for: in ResourceClaims and in their templates.
import {
  invalids,
  validateChoice,
  validateDNSLabel,
  validateDNSSubdomain,
  validateOptionalChoice,
  validateQualifiedName,
} from '../meta/checks.js';
import { type FieldError, type FieldPath, invalid, notSupported, required, tooLong } from '../meta/field-errors.js';
import { byteLength, isLabelValue } from '../meta/names.js';
import { validateDriverName } from '../shared/pod/volumes.js';
import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  DeviceToleration,
  ExactDeviceRequest,
  OpaqueDeviceConfiguration,
} from '../types/resource-v1.gen.js';
import { validateFullyQualified, validateList, validateSet } from './device-lists.js';

export const MAX_LIST = 32;
const MAX_ALTERNATIVES = 8;
const MAX_TEXT = 10 * 1024;
const MODES = ['All', 'ExactCount'];
const OPERATORS = ['Equal', 'Exists'];
export const EFFECTS = ['NoExecute', 'NoSchedule', 'None'];
const NOT_A_REQUEST = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

/** Names of requests, with those of their alternatives. */
export type RequestNames = ReadonlyMap<string, ReadonlySet<string>>;

/** One device, where nothing is said. */
export function setDeviceDefaults(claim: DeviceClaim | undefined): void {
  for (const request of claim?.requests ?? [])
    for (const wanted of [request.exactly, ...(request.firstAvailable ?? [])]) {
      if (!wanted) continue;
      wanted.allocationMode ||= 'ExactCount';
      if (wanted.allocationMode === 'ExactCount') wanted.count ||= 1;
      for (const toleration of wanted.tolerations ?? []) toleration.operator ||= 'Equal';
    }
}

/** The names that constraints and configuration may use. */
export function requestNames(claim: DeviceClaim | undefined): RequestNames {
  return new Map((claim?.requests ?? []).map((r) => [r.name, new Set((r.firstAvailable ?? []).map(({ name }) => name))]));
}

/** @returns what is wrong with requests, constraints and configuration */
export function validateDeviceClaim(claim: DeviceClaim, path: FieldPath): FieldError[] {
  const names = requestNames(claim);
  return [
    ...validateSet(claim.requests, path.child('requests'), MAX_LIST, validateRequest, ({ name }) => name),
    ...validateList(claim.constraints, path.child('constraints'), MAX_LIST, (c, at) => validateConstraint(c, at, names)),
    ...validateList(claim.config, path.child('config'), MAX_LIST, (config, at) => [
      ...validateRequestRefs(config.requests, at.child('requests'), names),
      ...validateOpaque(config.opaque, at.child('opaque')),
    ]),
  ];
}

function validateRequest({ name, exactly, firstAvailable }: DeviceRequest, path: FieldPath): FieldError[] {
  const errors = validateDNSLabel(name, path.child('name'));
  const several = firstAvailable?.length ? firstAvailable : undefined;
  const one = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly && several) return [...errors, invalid(path, undefined, `${one}, but multiple fields are set`)];
  if (exactly) return [...errors, ...validateWanted(exactly, path.child('exactly'))];
  if (!several) return [...errors, required(path, one)];
  const validate = (request: DeviceSubRequest, at: FieldPath) => [
    ...validateDNSLabel(request.name, at.child('name')),
    ...validateWanted(request, at),
  ];
  return [...errors, ...validateSet(several, path.child('firstAvailable'), MAX_ALTERNATIVES, validate, (r) => r.name)];
}

function validateWanted(wanted: ExactDeviceRequest | DeviceSubRequest, path: FieldPath): FieldError[] {
  const { deviceClassName, allocationMode = '', count = 0 } = wanted;
  const classPath = path.child('deviceClassName');
  const errors = deviceClassName ? validateDNSSubdomain(deviceClassName, classPath) : [required(classPath)];
  errors.push(...validateSelectors(wanted.selectors, path.child('selectors')));
  if (allocationMode === 'All') {
    if (count !== 0) errors.push(invalid(path.child('count'), count, "must not be specified when allocationMode is 'All'"));
  } else if (allocationMode === 'ExactCount') {
    if (count <= 0) errors.push(invalid(path.child('count'), count, 'must be greater than zero'));
  } else errors.push(notSupported(path.child('allocationMode'), allocationMode, MODES));
  for (const [i, toleration] of (wanted.tolerations ?? []).entries())
    errors.push(...validateToleration(toleration, path.child('tolerations').index(i)));
  return errors;
}

/** Expressions must be there; they are not compiled: there is no CEL here yet. */
export function validateSelectors(selectors: readonly DeviceSelector[] | undefined, path: FieldPath): FieldError[] {
  return validateList(selectors, path, MAX_LIST, ({ cel }, at) => {
    if (!cel) return [required(at.child('cel'))];
    return byteLength(cel.expression) > MAX_TEXT ? [tooLong(at.child('cel', 'expression'), MAX_TEXT)] : [];
  });
}

function validateToleration({ key, operator, value = '', effect }: DeviceToleration, path: FieldPath): FieldError[] {
  const errors = key ? validateQualifiedName(key, path.child('key')) : [];
  if (operator === 'Exists') {
    if (value !== '') errors.push(invalid(path.child('value'), value, 'must be empty for operator `Exists`'));
  } else if (operator === 'Equal') errors.push(...invalids(path.child('value'), value, isLabelValue(value)));
  else errors.push(...validateChoice(operator, path.child('operator'), OPERATORS));
  return [...errors, ...validateOptionalChoice(effect || undefined, path.child('effect'), EFFECTS)];
}

function validateConstraint(constraint: DeviceConstraint, path: FieldPath, names: RequestNames): FieldError[] {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  const errors = validateRequestRefs(requests, path.child('requests'), names);
  if (matchAttribute !== undefined) errors.push(...validateFullyQualified(matchAttribute, path.child('matchAttribute')));
  else if (distinctAttribute !== undefined) errors.push(...validateFullyQualified(distinctAttribute, path.child('distinctAttribute')));
  else errors.push(required(path, 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'));
  return errors;
}

/** Each is there once, and names a request. */
export function validateRequestRefs(refs: readonly string[] | undefined, path: FieldPath, names: RequestNames): FieldError[] {
  return validateSet(
    refs,
    path,
    MAX_LIST,
    (ref, at) => validateRequestRef(ref, at, names),
    (ref) => ref,
  );
}

/** The name of a request, or request/alternative. */
export function validateRequestRef(ref: string, path: FieldPath, names: RequestNames): FieldError[] {
  const [name = '', alternative, ...more] = ref.split('/');
  if (more.length > 0) return [invalid(path, ref, NOT_A_REQUEST)];
  const errors = [name, ...(alternative === undefined ? [] : [alternative])].flatMap((part) => validateDNSLabel(part, path));
  const alternatives = names.get(name);
  const isThere = alternatives !== undefined && (alternative === undefined || alternatives.has(alternative));
  return isThere ? errors : [...errors, invalid(path, ref, NOT_A_REQUEST)];
}

/** Parameters that only the driver understands. */
export function validateOpaque(opaque: OpaqueDeviceConfiguration | undefined, path: FieldPath): FieldError[] {
  if (!opaque) return [required(path)];
  return [...validateDriverName(opaque.driver, path.child('driver')), ...validateRaw(opaque.parameters, path.child('parameters'))];
}

/** An object of any form. */
export function validateRaw(value: unknown, path: FieldPath): FieldError[] {
  if (value === undefined || value === null) return [required(path)];
  if (byteLength(JSON.stringify(value)) > MAX_TEXT) return [tooLong(path, MAX_TEXT)];
  return typeof value === 'object' && !Array.isArray(value) ? [] : [invalid(path, '<value omitted>', 'must be a valid JSON object')];
}
