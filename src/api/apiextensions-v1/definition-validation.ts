// Rules of definitions as a whole; k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go. The parts
// have files of their own: name-rules.ts, version-validation.ts, schema-validation.ts ….
import { at, type FieldError, invalid, required } from '../meta/field-errors.js';
import { validateImmutable } from '../meta/metadata.js';
import { isDNS1035Label } from '../meta/names.js';
import { anySchema } from '../structural/schema.js';
import type { CustomResourceDefinition, CustomResourceDefinitionSpec } from '../types/apiextensions-v1.gen.js';
import { validateApproval } from './approval-rule.js';
import { validateConversion } from './conversion-validation.js';
import { dumped } from './version-dump.js';
import { type HoistedSpec, hoisted, subresourcesOf } from './hoisted-form.js';
import { validateGroupAndScope, validateNames, validateRequiredNames } from './name-rules.js';
import { validateSchema } from './schema-validation.js';
import { allSchemas, hasExtensions, NEW, type Strictness, strictness } from './update-strictness.js';
import { validateColumns, validateDeprecation, validateSelectableFields, validateSubresources } from './version-validation.js';

const SPEC = at('spec');
const STATUS = at('status');

/** @returns what is wrong with the name of a new definition, and with the prefix of one */
export function validateDefinitionName({ metadata, spec }: CustomResourceDefinition): FieldError[] {
  const wanted = `${spec.names.plural}.${spec.group}`;
  return (['generateName', 'name'] as const).flatMap((field) => {
    const given = metadata[field];
    return !given || given === wanted ? [] : [invalid(at('metadata', field), given, 'must be spec.names.plural+"."+spec.group')];
  });
}

/** @returns what is wrong with a definition; what was wrong before an update may stay, where upstream allows it */
export function validateDefinition(definition: CustomResourceDefinition, old?: CustomResourceDefinition): FieldError[] {
  const strict = old ? strictness(definition, old) : NEW;
  return [
    ...validateSpec(definition.spec, strict),
    ...(old ? validateUnchanged(definition, old, strict) : []),
    ...validateDefinitionStatus(definition),
    ...validateStoredVersions(definition),
    ...validateApproval(definition, old),
    ...validatePreserveUnknown(definition, old),
  ];
}

/** @returns what is wrong with a definition's status */
export function validateDefinitionStatus({ status }: CustomResourceDefinition): FieldError[] {
  return status.acceptedNames ? validateNames(status.acceptedNames, STATUS.child('acceptedNames')) : [];
}

function validateUnchanged({ spec }: CustomResourceDefinition, { spec: old }: CustomResourceDefinition, strict: Strictness): FieldError[] {
  const names = SPEC.child('names');
  return [
    ...(strict.immutableNames
      ? [
          ...validateImmutable(spec.scope, old.scope, SPEC.child('scope')),
          ...validateImmutable(spec.names.kind, old.names.kind, names.child('kind')),
        ]
      : []),
    ...validateImmutable(spec.group, old.group, SPEC.child('group')),
    ...validateImmutable(spec.names.plural, old.names.plural, names.child('plural')),
  ];
}

function validateSpec(spec: CustomResourceDefinitionSpec, given: Strictness): FieldError[] {
  const form = hoisted(spec);
  const preserves = Boolean(spec.preserveUnknownFields);
  const hasDefaults = allSchemas(spec).some((s) => anySchema(s, (each) => each.default !== undefined && each.default !== null));
  const strict = { ...given, structural: given.structural || !preserves || hasDefaults || hasExtensions(spec) };
  return [
    ...validateGroupAndScope(spec, SPEC),
    ...missingSchemas(form, strict, preserves),
    ...(hasDefaults && preserves
      ? [invalid(SPEC.child('preserveUnknownFields'), true, 'must be false in order to use defaults in the schema')]
      : []),
    ...validateVersions(spec, form, strict),
    ...validateRequiredNames(spec.names, SPEC.child('names')),
    ...validateNames(spec.names, SPEC.child('names')),
    ...validateCommon(form, strict),
    ...(spec.conversion && spec.conversion.strategy !== 'None' && preserves
      ? [invalid(SPEC.child('conversion', 'strategy'), spec.conversion.strategy, 'must be None if spec.preserveUnknownFields is true')]
      : []),
    ...validateConversion(spec.conversion, SPEC.child('conversion'), strict),
  ];
}

function missingSchemas(form: HoistedSpec, strict: Strictness, preserves: boolean): FieldError[] {
  if (form.schema?.openAPIV3Schema || (!strict.schemas && preserves)) return [];
  return form.versions.flatMap(({ of, schema }, i) => {
    if (schema?.openAPIV3Schema || (!strict.schemas && !of.served)) return [];
    const path = SPEC.child('versions').index(i).child('schema', 'openAPIV3Schema');
    return [required(path, strict.schemas ? '' : 'because otherwise all fields are pruned')];
  });
}

function validateVersions(spec: CustomResourceDefinitionSpec, form: HoistedSpec, strict: Strictness): FieldError[] {
  const path = SPEC.child('versions');
  const errors = form.versions.flatMap((version, i) => {
    const at = path.index(i);
    const { of, schema, subresources } = version;
    const problems = isDNS1035Label(of.name);
    return [
      ...(problems.length > 0 ? [invalid(at.child('name'), of.name, problems.join(','))] : []),
      ...validateDeprecation(of, at.child('deprecationWarning')),
      ...validateSchema(schema, at.child('schema'), { strict, hasStatus: Boolean(subresourcesOf(form, version)?.status) }),
      ...validateSubresources(subresources, at.child('subresources')),
      ...validateColumns(version.additionalPrinterColumns, at.child('additionalPrinterColumns')),
      ...validateSelectableFields(version.selectableFields, at.child('selectableFields'), {
        schema: schema?.openAPIV3Schema,
        missing: 'may only be set when `version.schema.openAPIV3Schema` is not included',
        tooManyAllowed: strict.tooManySelectableFields(of.name),
      }),
    ];
  });
  const names = form.versions.map((v) => v.of.name);
  const shown = () => (spec.versions ? dumped(form.versions) : null);
  if (new Set(names).size < names.length) errors.push(invalid(path, shown(), 'must contain unique version names'));
  if (form.versions.filter((v) => v.of.storage).length !== 1)
    errors.push(invalid(path, shown(), 'must have exactly one version marked as storage version'));
  const problems = form.version === '' ? [] : isDNS1035Label(form.version);
  if (problems.length > 0) errors.push(invalid(SPEC.child('version'), form.version, problems.join(',')));
  return errors;
}

/** What all versions say alike. */
function validateCommon(form: HoistedSpec, strict: Strictness): FieldError[] {
  const hasStatus = Boolean(form.subresources?.status) || form.versions.some((v) => v.subresources?.status);
  return [
    ...validateSchema(form.schema, SPEC.child('validation'), { strict, hasStatus }),
    ...validateSubresources(form.subresources, SPEC.child('subresources')),
    ...validateColumns(form.additionalPrinterColumns, SPEC.child('additionalPrinterColumns')),
    ...validateSelectableFields(form.selectableFields, SPEC.child('selectableFields'), {
      schema: form.schema?.openAPIV3Schema,
      missing: 'may only be set when validations.schema is included',
      tooManyAllowed: strict.tooManySelectableFields(''),
    }),
  ];
}

function validateStoredVersions({ spec, status }: CustomResourceDefinition): FieldError[] {
  const path = STATUS.child('storedVersions');
  const stored = status.storedVersions ?? [];
  if (stored.length === 0) return [invalid(path, status.storedVersions, 'must have at least one stored version')];
  const versions = spec.versions ?? [];
  // a version that is there twice is found once only
  const remaining = new Set(stored);
  const missing = versions.filter((v) => !remaining.delete(v.name) && v.storage);
  return [
    ...missing.map((v) => invalid(path, stored, `must have the storage version ${v.name}`)),
    ...stored.flatMap((name, i) => (versions.some((v) => v.name === name) ? [] : [invalid(path.index(i), name, stillStored(name))])),
  ];
}

function stillStored(name: string): string {
  return `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
}

function validatePreserveUnknown({ spec }: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  if (old?.spec.preserveUnknownFields || !spec.preserveUnknownFields) return [];
  return [
    invalid(
      SPEC.child('preserveUnknownFields'),
      true,
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
    ),
  ];
}
