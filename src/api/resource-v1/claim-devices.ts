// The devices a claim asks for: in ResourceClaims and in their templates.
import { checkChoice, checkLabel, checkOptionalChoice, checkQualifiedName, checkSubdomain, invalids } from '../meta/checks.js';
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
    ...validateSet(claim.requests, MAX_LIST, path.child('requests'), validateRequest, ({ name }) => name),
    ...validateList(claim.constraints, MAX_LIST, path.child('constraints'), (c, at) => validateConstraint(c, names, at)),
    ...validateList(claim.config, MAX_LIST, path.child('config'), (config, at) => [
      ...validateRequestRefs(config.requests, names, at.child('requests')),
      ...validateOpaque(config.opaque, at.child('opaque')),
    ]),
  ];
}

function validateRequest({ name, exactly, firstAvailable }: DeviceRequest, path: FieldPath): FieldError[] {
  const errors = checkLabel(path.child('name'), name);
  const several = firstAvailable?.length ? firstAvailable : undefined;
  const one = 'exactly one of `exactly` or `firstAvailable` is required';
  if (exactly && several) return [...errors, invalid(path, undefined, `${one}, but multiple fields are set`)];
  if (exactly) return [...errors, ...validateWanted(exactly, path.child('exactly'))];
  if (!several) return [...errors, required(path, one)];
  const validate = (request: DeviceSubRequest, at: FieldPath) => [
    ...checkLabel(at.child('name'), request.name),
    ...validateWanted(request, at),
  ];
  return [...errors, ...validateSet(several, MAX_ALTERNATIVES, path.child('firstAvailable'), validate, (r) => r.name)];
}

function validateWanted(wanted: ExactDeviceRequest | DeviceSubRequest, path: FieldPath): FieldError[] {
  const { deviceClassName, allocationMode = '', count = 0 } = wanted;
  const classPath = path.child('deviceClassName');
  const errors = deviceClassName ? checkSubdomain(classPath, deviceClassName) : [required(classPath)];
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
  return validateList(selectors, MAX_LIST, path, ({ cel }, at) => {
    if (!cel) return [required(at.child('cel'))];
    return byteLength(cel.expression) > MAX_TEXT ? [tooLong(at.child('cel', 'expression'), MAX_TEXT)] : [];
  });
}

function validateToleration({ key, operator, value = '', effect }: DeviceToleration, path: FieldPath): FieldError[] {
  const errors = key ? checkQualifiedName(path.child('key'), key) : [];
  if (operator === 'Exists') {
    if (value !== '') errors.push(invalid(path.child('value'), value, 'must be empty for operator `Exists`'));
  } else if (operator === 'Equal') errors.push(...invalids(path.child('value'), value, isLabelValue(value)));
  else errors.push(...checkChoice(path.child('operator'), operator, OPERATORS));
  return [...errors, ...checkOptionalChoice(path.child('effect'), effect || undefined, EFFECTS)];
}

function validateConstraint(constraint: DeviceConstraint, names: RequestNames, path: FieldPath): FieldError[] {
  const { requests, matchAttribute, distinctAttribute } = constraint;
  const errors = validateRequestRefs(requests, names, path.child('requests'));
  if (matchAttribute !== undefined) errors.push(...validateFullyQualified(matchAttribute, path.child('matchAttribute')));
  else if (distinctAttribute !== undefined) errors.push(...validateFullyQualified(distinctAttribute, path.child('distinctAttribute')));
  else errors.push(required(path, 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'));
  return errors;
}

/** Each is there once, and names a request. */
export function validateRequestRefs(refs: readonly string[] | undefined, names: RequestNames, path: FieldPath): FieldError[] {
  return validateSet(
    refs,
    MAX_LIST,
    path,
    (ref, at) => validateRequestRef(ref, names, at),
    (ref) => ref,
  );
}

/** The name of a request, or request/alternative. */
export function validateRequestRef(ref: string, names: RequestNames, path: FieldPath): FieldError[] {
  const [name = '', alternative, ...more] = ref.split('/');
  if (more.length > 0) return [invalid(path, ref, NOT_A_REQUEST)];
  const errors = [name, ...(alternative === undefined ? [] : [alternative])].flatMap((part) => checkLabel(path, part));
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
