// What an update need not mend: rules that came later are not asked of definitions that broke them before.
import { hasKnownReviewVersion } from '../shared/webhook-client.js';
import { equal } from '../../util/equal.js';
import { at } from '../meta/field-errors.js';
import { hasUnprunedDefaults } from '../structural/default-rules.js';
import { isStructural } from '../structural/rules.js';
import { anySchema, itemsOf, type Schema, unsupported } from '../structural/schema.js';
import type { CustomResourceDefinition, CustomResourceDefinitionSpec } from '../types/apiextensions-v1.gen.js';
import { validateCertificates } from './ca-bundle.js';
import { validateMapList } from './list-rules.js';

/** The types OpenAPI knows. */
export const TYPES: readonly string[] = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
/** More fields than these cannot be selected. */
export const MAX_SELECTABLE_FIELDS = 8;

/** Which rules hold. */
export interface Strictness {
  readonly reviewVersions: boolean;
  readonly immutableNames: boolean;
  /** Every version has a schema. */
  readonly schemas: boolean;
  readonly types: boolean;
  readonly structural: boolean;
  readonly prunedDefaults: boolean;
  readonly atomicSets: boolean;
  readonly mapListKeys: boolean;
  readonly caBundle: boolean;
  /** Whether a version ("": all together) has more selectable fields than are allowed, and may keep them. */
  tooManySelectableFields(version: string): boolean;
}

/** What is asked of a new definition. */
export const NEW: Strictness = {
  reviewVersions: true,
  immutableNames: false,
  schemas: true,
  types: true,
  structural: true,
  prunedDefaults: true,
  atomicSets: true,
  mapListKeys: true,
  caBundle: false,
  tooManySelectableFields: () => false,
};

/** What is asked of a definition that was another one before. */
export function strictness({ spec }: CustomResourceDefinition, old: CustomResourceDefinition): Strictness {
  const schemas = allSchemas(old.spec);
  const established = old.status.conditions?.some((c) => c.type === 'Established' && c.status === 'True') ?? false;
  const webhook = old.spec.conversion?.webhook;
  const reviewVersions = webhook?.conversionReviewVersions ?? [];
  const bundle = webhook?.clientConfig?.caBundle;
  const none = (test: (schema: Schema) => boolean) => !schemas.some((s) => anySchema(s, test));
  return {
    reviewVersions: reviewVersions.length === 0 || hasKnownReviewVersion(reviewVersions),
    immutableNames: established,
    schemas: (old.spec.versions ?? []).every((v) => v.schema?.openAPIV3Schema),
    types: none((s) => Boolean(s.type) && !TYPES.includes(s.type as string)),
    structural: schemas.every((s) => unsupported(s) === undefined && isStructural(s)),
    prunedDefaults: !schemas.some((s) => unsupported(s) === undefined && isStructural(s) && hasUnprunedDefaults(at(), s)),
    atomicSets: none(isSetOfParts),
    mapListKeys: none((s) => validateMapList(s, at()).length > 0),
    caBundle: established && !(bundle && validateCertificates(bundle, at()).length > 0),
    tooManySelectableFields: (name) => {
      const of = (s: CustomResourceDefinitionSpec) =>
        (s.versions ?? []).find((v) => name === '' || v.name === name)?.selectableFields ?? [];
      return of(old.spec).length > MAX_SELECTABLE_FIELDS && equal(of(old.spec), of(spec));
    },
  };
}

/** The schemas of all versions. */
export function allSchemas({ versions }: CustomResourceDefinitionSpec): Schema[] {
  return (versions ?? []).flatMap((v) => v.schema?.openAPIV3Schema ?? []);
}

/** Whether a schema uses what only structural schemas may use. */
export function hasExtensions(spec: CustomResourceDefinitionSpec): boolean {
  return allSchemas(spec).some((schema) =>
    anySchema(
      schema,
      (s) =>
        Boolean(s['x-kubernetes-embedded-resource'] || s['x-kubernetes-int-or-string']) ||
        s['x-kubernetes-preserve-unknown-fields'] !== undefined ||
        s['x-kubernetes-list-type'] !== undefined ||
        Boolean(s['x-kubernetes-list-map-keys']?.length || s['x-kubernetes-validations']?.length),
    ),
  );
}

/** A set has one owner for each of its values: values must have no parts with owners of their own. */
function isSetOfParts(schema: Schema): boolean {
  const items = itemsOf(schema);
  if (schema['x-kubernetes-list-type'] !== 'set' || !items) return false;
  if (items.type === 'array') return (items['x-kubernetes-list-type'] ?? 'atomic') !== 'atomic';
  return items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic';
}
