import { define } from '../definition.js';
import { at, type FieldError, forbidden, notSupported, required, tooLong } from '../meta/field-errors.js';
import { invalids, validateDNSSubdomain, validateDomainPath } from '../meta/checks.js';
import { validateImmutable } from '../meta/metadata.js';
import { isPathSegmentName, nameIsDNSLabel } from '../meta/names.js';
import { DEFAULT_INGRESS_CLASS_ANNOTATION } from '../meta/well-known.js';
import { age } from '../shared/format.js';
import type { IngressClass, IngressClassParametersReference } from '../types/networking-v1.gen.js';

const CONTROLLER = at('spec', 'controller');
const PARAMETERS = at('spec', 'parameters');
const MAX_CONTROLLER = 250;

export default define<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  resource: 'ingressclasses',
  generation: true,
  defaults: ({ spec }) => {
    if (spec.parameters) spec.parameters.scope ??= 'Cluster';
  },
  validate,
  validateUpdate: (ingressClass, old) => [
    ...validateImmutable(ingressClass.spec.controller ?? '', old.spec.controller ?? '', CONTROLLER),
    ...validate(ingressClass),
  ],
  row: (ingressClass, { now }) => {
    const { metadata, spec } = ingressClass;
    const { parameters } = spec;
    const isDefault = metadata.annotations?.[DEFAULT_INGRESS_CLASS_ANNOTATION] === 'true';
    return [
      isDefault ? `${metadata.name} (default)` : metadata.name,
      spec.controller ?? '',
      parameters ? `${parameters.kind}${parameters.apiGroup === undefined ? '' : `.${parameters.apiGroup}`}/${parameters.name}` : '<none>',
      age(ingressClass, now),
    ];
  },
});

function validate({ spec }: IngressClass): FieldError[] {
  const controller = spec.controller ?? '';
  const errors: FieldError[] = [];
  if (controller.length > MAX_CONTROLLER) errors.push(tooLong(CONTROLLER, MAX_CONTROLLER));
  errors.push(...validateDomainPath(controller, CONTROLLER));
  return spec.parameters ? [...errors, ...validateParameters(spec.parameters)] : errors;
}

function validateParameters({ apiGroup, kind, name, namespace, scope }: IngressClassParametersReference): FieldError[] {
  const errors: FieldError[] = [];
  const text = (field: string, value: string) =>
    value ? invalids(PARAMETERS.child(field), value, isPathSegmentName(value)) : [required(PARAMETERS.child(field))];
  if (apiGroup !== undefined) errors.push(...validateDNSSubdomain(apiGroup, PARAMETERS.child('apiGroup')));
  errors.push(...text('kind', kind), ...text('name', name));
  const path = PARAMETERS.child('namespace');
  switch (scope) {
    case undefined:
      return [...errors, required(PARAMETERS.child('scope'))];
    case 'Namespace':
      if (namespace === undefined) return [...errors, required(path, "`parameters.scope` is set to 'Namespace'")];
      return [...errors, ...invalids(path, namespace, nameIsDNSLabel(namespace, false))];
    case 'Cluster':
      return namespace === undefined ? errors : [...errors, forbidden(path, "`parameters.scope` is set to 'Cluster'")];
    default:
      return [...errors, notSupported(PARAMETERS.child('scope'), scope, ['Cluster', 'Namespace'])];
  }
}
