import { define } from '../definition.js';
import { at, type FieldError, forbidden, invalid, notSupported, required, tooLong } from '../meta/field-errors.js';
import { validateImmutable } from '../meta/metadata.js';
import { isDNS1123Subdomain, isHTTPPath, isPathSegmentName, nameIsDNSLabel } from '../meta/names.js';
import { age } from '../shared/format.js';
import type { IngressClass, IngressClassParametersReference } from '../types/networking-v1.gen.js';

const CONTROLLER = at('spec', 'controller');
const PARAMETERS = at('spec', 'parameters');
const MAX_CONTROLLER = 250;
const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';

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
    const isDefault = metadata.annotations?.[DEFAULT_CLASS] === 'true';
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
  errors.push(...validateDomainPath(controller));
  return spec.parameters ? [...errors, ...validateParameters(spec.parameters)] : errors;
}

/** A domain, a slash and a path: acme.io/foo. */
function validateDomainPath(value: string): FieldError[] {
  if (value === '') return [required(CONTROLLER)];
  const slash = value.indexOf('/');
  const [domain, path] = [value.slice(0, Math.max(slash, 0)), value.slice(slash + 1)];
  if (domain === '' || path === '') return [invalid(CONTROLLER, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  return [
    ...isDNS1123Subdomain(domain).map((m) => invalid(CONTROLLER, domain, m)),
    ...isHTTPPath(path).map((m) => invalid(CONTROLLER, path, m)),
  ];
}

function validateParameters({ apiGroup, kind, name, namespace, scope }: IngressClassParametersReference): FieldError[] {
  const errors: FieldError[] = [];
  const text = (field: string, value: string) =>
    value ? isPathSegmentName(value).map((m) => invalid(PARAMETERS.child(field), value, m)) : [required(PARAMETERS.child(field))];
  if (apiGroup !== undefined) errors.push(...isDNS1123Subdomain(apiGroup).map((m) => invalid(PARAMETERS.child('apiGroup'), apiGroup, m)));
  errors.push(...text('kind', kind), ...text('name', name));
  const path = PARAMETERS.child('namespace');
  switch (scope) {
    case undefined:
      return [...errors, required(PARAMETERS.child('scope'))];
    case 'Namespace':
      if (namespace === undefined) return [...errors, required(path, "`parameters.scope` is set to 'Namespace'")];
      return [...errors, ...nameIsDNSLabel(namespace, false).map((m) => invalid(path, namespace, m))];
    case 'Cluster':
      return namespace === undefined ? errors : [...errors, forbidden(path, "`parameters.scope` is set to 'Cluster'")];
    default:
      return [...errors, notSupported(PARAMETERS.child('scope'), scope, ['Cluster', 'Namespace'])];
  }
}
