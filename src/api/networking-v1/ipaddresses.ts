import { define } from '../definition.js';
import { invalids, validateDNSSubdomain } from '../meta/checks.js';
import { at, type FieldError, invalid, required } from '../meta/field-errors.js';
import { FIELD_IMMUTABLE, semanticEqual } from '../meta/metadata.js';
import { isPathSegmentName } from '../meta/names.js';
import { age } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import { validateCanonicalIP } from '../shared/ip.js';
import type { IPAddress } from '../types/networking-v1.gen.js';

const PARENT = at('spec', 'parentRef');

export default define<IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  resource: 'ipaddresses',
  // names are addresses in their canonical form
  validateName: (name) => validateCanonicalIP(name, at()).map(({ message }) => message.slice(message.indexOf(': must') + 2)),
  validate,
  validateUpdate: (address, old) => [...validate(address), ...validateParentKept(address, old)],
  row: (address, { now }) => {
    const { parentRef: parent } = address.spec;
    const resource = parent && `${parent.resource}${parent.group ? `.${parent.group}` : ''}`.toLowerCase();
    return [
      address.metadata.name,
      parent ? [resource, ...(parent.namespace ? [parent.namespace] : []), parent.name].join('/') : '<none>',
      age(address, now),
    ];
  },
});

function validate({ spec: { parentRef: parent } }: IPAddress): FieldError[] {
  if (!parent) return [required(PARENT)];
  const { group, resource, name, namespace } = parent;
  const text = (field: string, value: string) => invalids(PARENT.child(field), value, isPathSegmentName(value));
  return [
    ...(group ? validateDNSSubdomain(group, PARENT.child('group')) : []),
    ...(resource ? text('resource', resource) : [required(PARENT.child('resource'))]),
    ...(name ? text('name', name) : [required(PARENT.child('name'))]),
    ...(namespace ? text('namespace', namespace) : []),
  ];
}

function validateParentKept({ spec }: IPAddress, { spec: old }: IPAddress): FieldError[] {
  if (semanticEqual(spec.parentRef, old.parentRef)) return [];
  if (!spec.parentRef) return [invalid(PARENT, null, FIELD_IMMUTABLE)];
  const { group = '', resource, namespace = '', name } = spec.parentRef;
  return [invalid(PARENT, goValue({ group, resource, namespace, name }), FIELD_IMMUTABLE)];
}
