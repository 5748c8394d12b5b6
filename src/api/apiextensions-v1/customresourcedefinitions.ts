import { define } from '../definition.js';
import type { CustomResourceDefinition } from '../types/apiextensions-v1.gen.js';
import { CLEANUP_FINALIZER, setCondition } from '../structural/conditions.js';
import { validateDefinition, validateDefinitionName, validateDefinitionStatus } from './definition-validation.js';
import { formatWarnings } from './format-warnings.js';

export default define<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
  shownAs: 'apiextensions.k8s.io/customresourcedefinitions',
  generation: true,
  unconditionalUpdate: false,
  plainFinalizers: true,
  ownMetadataChecks: { whole: false },
  defaults: ({ spec, status }) => {
    const { names } = spec;
    names.singular ||= names.kind.toLowerCase();
    if (names.kind) names.listKind ||= `${names.kind}List`;
    spec.conversion ??= { strategy: 'None' };
    const service = spec.conversion.webhook?.clientConfig?.service;
    if (service) service.port ??= 443;
    const stored = (spec.versions ?? []).find((v) => v.storage);
    if (stored && !status.storedVersions?.length) status.storedVersions = [stored.name];
  },
  prepareCreate: (definition) => {
    definition.status = {};
    rememberStorageVersion(definition);
  },
  prepareUpdate: rememberStorageVersion,
  // its objects go first: the finalizer comes with the deletion
  finalizers: ({ metadata }) => [...(metadata.finalizers ?? []), ...(metadata.deletionTimestamp === undefined ? [CLEANUP_FINALIZER] : [])],
  markDeleting,
  // the deletion has a way of its own, which knows no propagation
  defaultPropagation: 'Unsupported',
  validate: (definition) => [...validateDefinitionName(definition), ...validateDefinition(definition)],
  validateUpdate: validateDefinition,
  warnings: formatWarnings,
  subresources: { status: { table: 'none', validate: validateDefinitionStatus } },
});

/** Upstream marks definitions in a way of its own: no grace period shows, and the generation stays. */
function markDeleting(definition: CustomResourceDefinition): void {
  const { metadata } = definition;
  const finalizers = metadata.finalizers ?? [];
  metadata.deletionGracePeriodSeconds = undefined;
  metadata.generation = (metadata.generation ?? 1) - 1;
  metadata.finalizers = finalizers.includes(CLEANUP_FINALIZER) ? finalizers : [...finalizers, CLEANUP_FINALIZER];
  definition.status = { ...definition.status };
  const condition = {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  };
  setCondition(definition.status, condition, metadata.deletionTimestamp ?? '');
}

/** Objects may be stored in that version from now on. */
function rememberStorageVersion({ spec, status }: CustomResourceDefinition): void {
  const stored = (spec.versions ?? []).find((v) => v.storage);
  const known = status.storedVersions ?? [];
  if (stored && !known.includes(stored.name)) status.storedVersions = [...known, stored.name];
}
