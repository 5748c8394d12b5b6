// The devices of a slice.
import { invalids, validateChoice, validateDistinct, validateDNSLabel, validateQualifiedName } from '../meta/checks.js';
import { duplicate, type FieldError, type FieldPath, forbidden, invalid, required, tooLong } from '../meta/field-errors.js';
import { asGiven } from '../meta/given-empty.js';
import { byteLength, isLabelValue, nameIsDNSSubdomain } from '../meta/names.js';
import { goValue } from '../shared/go-value.js';
import { validateNodeSelector } from '../shared/pod/affinity.js';
import type { Device, DeviceAttribute, DeviceCounterConsumption, DeviceTaint } from '../types/resource-v1.gen.js';
import { EFFECTS } from './claim-devices.js';
import { validateList, validateMap, validateQualified, validateSet } from './device-lists.js';

const MAX_ENTRIES = 32;
const MAX_VALUES = 48;
const MAX_TEXT = 64;
const MAX_TAINTS = 16;
const MAX_CONSUMPTIONS = 2;
const MAX_CONDITIONS = 4;
const WHERE =
  'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

/** @param selectsNodes each device says for itself which nodes can use it */
export function validateDevice(device: Device, path: FieldPath, selectsNodes: boolean): FieldError[] {
  const { name, attributes = {}, capacity = {} } = device;
  const errors = validateDNSLabel(name, path.child('name'));
  const entries = Object.keys(attributes).length + Object.keys(capacity).length;
  if (entries > MAX_ENTRIES)
    errors.push(invalid(path, entries, `the total number of attributes and capacities must not exceed ${MAX_ENTRIES}`));
  const values = Object.values(attributes).reduce((sum, attribute) => sum + valueCount(attribute), 0);
  if (values > MAX_VALUES) errors.push(invalid(path, values, `the total number of attribute values must not exceed ${MAX_VALUES}`));
  return [
    ...errors,
    ...validateMap(attributes, path.child('attributes'), validateQualified, validateAttribute),
    ...validateMap(capacity, path.child('capacity'), validateQualified, ({ requestPolicy }, at) =>
      requestPolicy && device.allowMultipleAllocations !== true
        ? [forbidden(at.child('requestPolicy'), 'allowMultipleAllocations must be true')]
        : [],
    ),
    ...validateList(device.taints, path.child('taints'), MAX_TAINTS, validateTaint),
    ...validateSet(device.consumesCounters, path.child('consumesCounters'), MAX_CONSUMPTIONS, validateConsumption, (c) => c.counterSet),
    ...validateWhere(device, path, selectsNodes),
    ...validateBinding(device, path),
  ];
}

function valueCount({ bools = [], ints = [], strings = [], versions = [] }: DeviceAttribute): number {
  return bools.length + ints.length + strings.length + versions.length || 1;
}

function validateAttribute(attribute: DeviceAttribute, path: FieldPath): FieldError[] {
  const { string, version, strings, versions } = attribute;
  const errors: FieldError[] = [];
  if (string !== undefined) errors.push(...validateText(string, path.child('string')));
  if (version !== undefined) errors.push(...validateVersion(version, path.child('version')));
  for (const field of ['bools', 'ints', 'strings', 'versions'] as const)
    if (attribute[field]?.length === 0) errors.push(invalid(path.child(field), [], 'must not be empty if specified'));
  errors.push(
    ...(strings ?? []).flatMap((text, i) => validateText(text, path.child('strings').index(i))),
    ...(versions ?? []).flatMap((text, i) => validateVersion(text, path.child('versions').index(i))),
  );
  const fields = Object.values(attribute).filter((value) => value !== undefined);
  if (fields.length !== 1)
    errors.push(
      invalid(path, fields.length === 0 ? '' : goValue(attribute, 'resource.DeviceAttribute'), 'exactly one value must be specified'),
    );
  return errors;
}

function validateText(text: string, path: FieldPath): FieldError[] {
  return byteLength(text) > MAX_TEXT ? [tooLong(path, MAX_TEXT)] : [];
}

function validateVersion(text: string, path: FieldPath): FieldError[] {
  const errors = SEMVER.test(text) ? [] : [invalid(path, text, 'must be a string compatible with semver.org spec 2.0.0')];
  return [...errors, ...validateText(text, path)];
}

function validateTaint({ key, value, effect }: DeviceTaint, path: FieldPath): FieldError[] {
  const errors = validateQualifiedName(key, path.child('key'));
  if (value) errors.push(...invalids(path.child('value'), value, isLabelValue(value)));
  return [...errors, ...validateChoice(effect, path.child('effect'), EFFECTS)];
}

function validateConsumption({ counterSet, counters }: DeviceCounterConsumption, path: FieldPath): FieldError[] {
  const errors = counterSet ? validateDNSLabel(counterSet, path.child('counterSet')) : [required(path.child('counterSet'))];
  return [...errors, ...validateCounters(counters, path.child('counters'))];
}

/** Counters by their names; there must be some. */
export function validateCounters(counters: DeviceCounterConsumption['counters'] | null, path: FieldPath): FieldError[] {
  if (!counters || Object.keys(counters).length === 0) return [required(path)];
  return validateMap(
    counters,
    path,
    (name, at) => validateDNSLabel(name, at),
    () => [],
  );
}

function validateWhere({ nodeName, nodeSelector, allNodes }: Device, path: FieldPath, selectsNodes: boolean): FieldError[] {
  if (!selectsNodes) {
    if (nodeName === undefined && !nodeSelector && allNodes === undefined) return [];
    const detail =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    return [invalid(path, undefined, detail)];
  }
  const errors: FieldError[] = [];
  const set: string[] = [];
  const namePath = path.child('nodeName');
  if (nodeName) {
    set.push('`nodeName`');
    errors.push(...invalids(namePath, nodeName, nameIsDNSSubdomain(nodeName, false)));
  } else if (nodeName !== undefined) errors.push(invalid(namePath, nodeName, 'must not be empty'));
  if (nodeSelector) {
    set.push('`nodeSelector`');
    errors.push(...validateNodeSelector(nodeSelector, path.child('nodeSelector')));
  }
  if (allNodes === true) set.push('`allNodes`');
  else if (allNodes === false) errors.push(invalid(path.child('allNodes'), allNodes, 'must be either unset or set to true'));
  if (set.length === 0) errors.push(required(path, WHERE));
  if (set.length > 1) errors.push(invalid(path, `{${set.join(', ')}}`, WHERE));
  return errors;
}

/** Conditions a device must have, or must not have, before a pod is bound. */
export function validateBinding(device: Pick<Device, 'bindingConditions' | 'bindingFailureConditions'>, path: FieldPath): FieldError[] {
  const { bindingConditions: conditions = [], bindingFailureConditions: failures = [] } = device;
  const [conditionsPath, failuresPath] = [path.child('bindingConditions'), path.child('bindingFailureConditions')];
  const errors = [
    ...validateList(conditions, conditionsPath, MAX_CONDITIONS, (name, at) => validateQualifiedName(name, at)),
    ...validateList(failures, failuresPath, MAX_CONDITIONS, (name, at) => validateQualifiedName(name, at)),
    ...validateDistinct(conditions, (i) => conditionsPath.index(i)),
  ];
  for (const [i, failure] of failures.entries()) {
    if (failures.indexOf(failure) < i) errors.push(duplicate(failuresPath.index(i), failure));
    if (conditions.includes(failure))
      errors.push(invalid(failuresPath.index(i), failure, 'bindingFailureConditions must not overlap with bindingConditions'));
  }
  if (conditions.length === 0 && failures.length > 0)
    errors.push(
      invalid(conditionsPath, asGiven(device, 'bindingConditions'), 'bindingConditions are required to use bindingFailureConditions'),
    );
  if (failures.length === 0 && conditions.length > 0)
    errors.push(
      invalid(failuresPath, asGiven(device, 'bindingFailureConditions'), 'bindingFailureConditions are required to use bindingConditions'),
    );
  return errors;
}
