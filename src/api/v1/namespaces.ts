import { define } from '../definition.js';
import { validateQualifiedName } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, invalid } from '../meta/field-errors.js';
import { NAMESPACE_FINALIZER, validateStandardFinalizer } from '../meta/metadata.js';
import { nameIsDNSLabel } from '../meta/names.js';
import { age } from '../shared/format.js';
import type { Namespace } from '../types/core-v1.gen.js';

const NAME_LABEL = 'kubernetes.io/metadata.name';

export default define<Namespace>({
  group: '',
  version: 'v1',
  resource: 'namespaces',
  validateName: nameIsDNSLabel,
  selectableFields: ['status.phase'],
  fields: ({ status }) => ({ 'status.phase': status.phase ?? '' }),
  // upstream's storage of namespaces wraps the one that its documents are made from
  returnDeletedObject: 'undocumented',
  dependentsFirst: true,
  defaults: (namespace) => {
    labelWithName(namespace);
    namespace.status ??= {};
    namespace.status.phase ??= 'Active';
  },
  prepareCreate: (namespace) => {
    namespace.status = { phase: 'Active' };
    const finalizers = namespace.spec?.finalizers ?? [];
    namespace.spec = {
      ...namespace.spec,
      finalizers: finalizers.includes(NAMESPACE_FINALIZER) ? finalizers : [...finalizers, NAMESPACE_FINALIZER],
    };
  },
  // a generated name was not known to the defaults
  canonicalize: labelWithName,
  prepareUpdate: (namespace, old) => {
    namespace.spec = { ...namespace.spec, finalizers: old.spec.finalizers };
  },
  validate: ({ spec }) => (spec.finalizers ?? []).flatMap((name) => validateSpecFinalizer(name, at('spec', 'finalizers'))),
  subresources: {
    status: { validate: validateStatus },
    finalize: {
      unowned: ['status'],
      validate: ({ spec }) => (spec.finalizers ?? []).flatMap((name, i) => validateSpecFinalizer(name, at('spec', 'finalizers').index(i))),
    },
  },
  // the content goes first: the namespace controller removes the finalizer of the spec when nothing is left
  finalizers: ({ metadata, spec }) => [...(metadata.finalizers ?? []), ...(spec.finalizers ?? [])],
  markDeleting: (namespace) => {
    namespace.status = { ...namespace.status, phase: 'Terminating' };
    // only namespaces have no grace period to show
    namespace.metadata.deletionGracePeriodSeconds = undefined;
  },
  row: (namespace, { now }) => [namespace.metadata.name, namespace.status.phase, age(namespace, now)],
});

function labelWithName({ metadata }: Namespace): void {
  if (metadata.name) metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name };
}

function validateSpecFinalizer(name: string, path: FieldPath): FieldError[] {
  return [...validateQualifiedName(name, path), ...validateStandardFinalizer(name, path)];
}

function validateStatus({ metadata, status: { phase } }: Namespace): FieldError[] {
  const deleting = metadata.deletionTimestamp !== undefined;
  if (phase === (deleting ? 'Terminating' : 'Active')) return [];
  const rule = deleting
    ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
    : "may only be 'Active' if `deletionTimestamp` is empty";
  return [invalid(at('status', 'Phase'), phase ?? '', rule)];
}
