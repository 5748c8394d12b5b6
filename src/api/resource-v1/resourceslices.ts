import { timestamp } from '../../util/clock.js';
import type { Context } from '../context.js';
import { define } from '../definition.js';
import { invalids, validateDNSLabel } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, invalid, required } from '../meta/field-errors.js';
import { semanticEqual, validateImmutable } from '../meta/metadata.js';
import { nameIsDNSSubdomain } from '../meta/names.js';
import { age } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import { validateNodeSelector } from '../shared/pod/affinity.js';
import { validateDriverName } from '../shared/pod/volumes.js';
import type { CounterSet, Device, ResourcePool, ResourceSlice, ResourceSliceSpec } from '../types/resource-v1.gen.js';
import { validateCounters, validateDevice } from './device-validation.js';
import { validatePoolName, validateSet } from './device-lists.js';

const SPEC = at('spec');
const MAX_DEVICES = 128;
/** With taints, counters or lists as attributes. */
const MAX_ADVANCED_DEVICES = 64;
const MAX_COUNTER_SETS = 8;
const WHERE = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';

export default define<ResourceSlice>({
  group: 'resource.k8s.io',
  version: 'v1',
  resource: 'resourceslices',
  ownMetadataChecks: { whole: false },
  returnDeletedObject: true,
  generation: true,
  selectableFields: ['spec.driver', 'spec.nodeName'],
  fields: ({ spec }) => ({ 'spec.driver': spec.driver, 'spec.nodeName': spec.nodeName ?? '' }),
  defaults: ({ spec }) => {
    for (const device of spec.devices ?? [])
      for (const mapping of Object.values(device.nodeAllocatableResourceMappings ?? {})) mapping.allocationMultiplier ??= '1';
  },
  prepare: (slice, old, context) => {
    setTaintTimes(slice, old, context);
    // what is dropped is a change all the same
    if (old && !semanticEqual(slice.spec, old.spec)) slice.metadata.generation = (old.metadata.generation ?? 0) + 1;
    dropDisabledLists(slice, old);
    dropDisabledMappings(slice, old);
  },
  specChanged: () => false,
  validate: ({ spec }) => validateSpec(spec),
  validateUpdate: ({ spec }, { spec: old }) => validateSpec(spec, old),
  warnings: ({ spec: { driver } }) =>
    driver === driver.toLowerCase()
      ? []
      : [`spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`],
  row: (slice, { now }) => [slice.metadata.name, slice.spec.nodeName ?? '', slice.spec.driver, slice.spec.pool.name, age(slice, now)],
});

/** Attributes with several values are off by default upstream (DRAListTypeAttributes): they stay only where there are some already. */
function dropDisabledLists({ spec }: ResourceSlice, old: ResourceSlice | undefined): void {
  const lists = ['bools', 'ints', 'strings', 'versions'] as const;
  const attributes = ({ devices }: ResourceSliceSpec) => (devices ?? []).flatMap((device) => Object.values(device.attributes ?? {}));
  if (old && attributes(old.spec).some((attribute) => lists.some((list) => attribute[list]))) return;
  for (const attribute of attributes(spec)) for (const list of lists) attribute[list] = undefined;
}

/** DRANodeAllocatableResources is off too. */
function dropDisabledMappings({ spec }: ResourceSlice, old: ResourceSlice | undefined): void {
  const isUsed = ({ nodeAllocatableResourceMappings: mappings }: Device) => Object.keys(mappings ?? {}).length > 0;
  if (old?.spec.devices?.some(isUsed)) return;
  for (const device of spec.devices ?? []) device.nodeAllocatableResourceMappings = undefined;
}

function setTaintTimes({ spec }: ResourceSlice, _old: ResourceSlice | undefined, { services }: Context): void {
  const now = timestamp(services.clock.now());
  for (const device of spec.devices ?? []) for (const taint of device.taints ?? []) taint.timeAdded ??= now;
}

function validateSpec(spec: ResourceSliceSpec, old?: ResourceSliceSpec): FieldError[] {
  const { devices, sharedCounters } = spec;
  const errors = [...validateDriverName(spec.driver, SPEC.child('driver')), ...validatePool(spec.pool, SPEC.child('pool'))];
  if (old)
    errors.push(
      ...validateImmutable(spec.pool.name, old.pool.name, SPEC.child('pool', 'name')),
      ...validateImmutable(spec.driver, old.driver, SPEC.child('driver')),
      ...validateImmutable(spec.nodeName, old.nodeName, SPEC.child('nodeName')),
    );
  errors.push(...validateWhere(spec));
  if (sharedCounters && devices) errors.push(invalid(SPEC, '', 'only one of `sharedCounters` or `devices` is allowed'));
  const validate = (device: NonNullable<typeof devices>[number], path: FieldPath) =>
    validateDevice(device, path, spec.perDeviceNodeSelection ?? false);
  return [
    ...errors,
    ...validateSet(devices, SPEC.child('devices'), isAdvanced(spec) ? MAX_ADVANCED_DEVICES : MAX_DEVICES, validate, ({ name }) => name),
    ...validateSet(sharedCounters, SPEC.child('sharedCounters'), MAX_COUNTER_SETS, validateCounterSet, ({ name }) => name),
  ];
}

function validatePool({ name, generation, resourceSliceCount: count }: ResourcePool, path: FieldPath): FieldError[] {
  const errors = validatePoolName(name, path.child('name'));
  if (count <= 0) errors.push(invalid(path.child('resourceSliceCount'), count, 'must be greater than zero'));
  if (generation < 0) errors.push(invalid(path.child('generation'), generation, 'must be greater than or equal to zero'));
  return errors;
}

/** On which nodes the devices are. */
function validateWhere({ nodeName, nodeSelector, allNodes, perDeviceNodeSelection }: ResourceSliceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const set: string[] = [];
  const namePath = SPEC.child('nodeName');
  if (nodeName) {
    set.push('`nodeName`');
    errors.push(...invalids(namePath, nodeName, nameIsDNSSubdomain(nodeName, false)));
  } else if (nodeName !== undefined) errors.push(invalid(namePath, nodeName, 'must be either unset or set to a non-empty string'));
  if (nodeSelector) {
    set.push('`nodeSelector`');
    errors.push(...validateNodeSelector(nodeSelector, SPEC.child('nodeSelector')));
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    if (terms.length !== 1)
      errors.push(
        invalid(
          SPEC.child('nodeSelector', 'nodeSelectorTerms'),
          goValue(nodeSelector.nodeSelectorTerms, '[]core.NodeSelectorTerm'),
          'must have exactly one node selector term',
        ),
      );
  }
  for (const [field, value] of Object.entries({ allNodes, perDeviceNodeSelection })) {
    if (value === true) set.push(`\`${field}\``);
    else if (value === false) errors.push(invalid(SPEC.child(field), value, 'must be either unset or set to true'));
  }
  if (set.length === 0) errors.push(required(SPEC, WHERE));
  if (set.length > 1) errors.push(invalid(SPEC, `{${set.join(', ')}}`, `${WHERE}, but multiple fields are set`));
  return errors;
}

function isAdvanced({ devices }: ResourceSliceSpec): boolean {
  return (devices ?? []).some(
    ({ taints, consumesCounters, attributes }) =>
      taints?.length ||
      consumesCounters?.length ||
      Object.values(attributes ?? {}).some(({ bools, ints, strings, versions }) => bools || ints || strings || versions),
  );
}

function validateCounterSet({ name, counters }: CounterSet, path: FieldPath): FieldError[] {
  const errors = name ? validateDNSLabel(name, path.child('name')) : [required(path.child('name'))];
  return [...errors, ...validateCounters(counters, path.child('counters'))];
}
