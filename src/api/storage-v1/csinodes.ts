import { define } from '../definition.js';
import { validateQualifiedName } from '../meta/checks.js';
import { at, duplicate, type FieldError, type FieldPath, invalid, required } from '../meta/field-errors.js';
import { FIELD_IMMUTABLE, semanticEqual, validateNonNegative } from '../meta/metadata.js';
import { byteLength } from '../meta/names.js';
import { age } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import { validateDriverName } from '../shared/pod/volumes.js';
import type { CSINode, CSINodeDriver } from '../types/storage-v1.gen.js';

const DRIVERS = at('spec', 'drivers');
const MAX_NODE_ID = 256;

export default define<CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'csinodes',
  ownMetadataChecks: { change: false },
  returnDeletedObject: true,
  unconditionalUpdate: false,
  validate,
  validateUpdate: (node, old) => [...validate(node), ...validateDriversKept(node, old)],
  row: (node, { now }) => [node.metadata.name, node.spec.drivers?.length ?? 0, age(node, now)],
});

function validate({ spec }: CSINode): FieldError[] {
  const names = new Set<string>();
  return (spec.drivers ?? []).flatMap((driver, i) => {
    const path = DRIVERS.index(i);
    const errors = validateDriver(driver, path);
    if (names.has(driver.name)) errors.push(duplicate(path.child('name'), driver.name));
    names.add(driver.name);
    return [...errors, ...validateTopologyKeys(driver, path)];
  });
}

function validateDriver({ name, nodeID, allocatable }: CSINodeDriver, path: FieldPath): FieldError[] {
  const errors = validateDriverName(name, path.child('name'));
  if (!nodeID) errors.push(required(path.child('nodeID')));
  else if (byteLength(nodeID) > MAX_NODE_ID)
    errors.push(invalid(path.child('nodeID'), nodeID, `must be ${MAX_NODE_ID} characters or less`));
  if (allocatable?.count !== undefined) errors.push(...validateNonNegative(allocatable.count, path.child('allocatable', 'count')));
  return errors;
}

function validateTopologyKeys({ topologyKeys }: CSINodeDriver, path: FieldPath): FieldError[] {
  const keys = topologyKeys ?? [];
  return keys.flatMap((key, i) => [
    ...(key === '' ? [required(path)] : []),
    ...(keys.indexOf(key) < i ? [duplicate(path, key)] : []),
    ...validateQualifiedName(key, path),
  ]);
}

/** A driver may come and go; while it is there, only what it can take may change. */
function validateDriversKept({ spec }: CSINode, old: CSINode): FieldError[] {
  return (old.spec.drivers ?? []).flatMap((before) =>
    (spec.drivers ?? []).flatMap((driver) => {
      if (driver.name !== before.name || semanticEqual({ ...driver, allocatable: undefined }, { ...before, allocatable: undefined }))
        return [];
      return [invalid(DRIVERS, goValue({ ...driver, allocatable: undefined }, 'storage.CSINodeDriver'), FIELD_IMMUTABLE)];
    }),
  );
}
