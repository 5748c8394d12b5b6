// Rules of metadata, the same for every kind; as k8s.io/apimachinery/pkg/api/validation/objectmeta.go has them.
import type { ManagedFieldsEntry } from '../types/meta-v1.gen.js';
import { validateQualifiedName } from './checks.js';
import { at, duplicate, type FieldError, type FieldPath, forbidden, invalid, notSupported, required, tooLong } from './field-errors.js';
import { givenEmptyWithin } from './given-empty.js';
import { byteLength, isLabelValue, isQualifiedName, type NameRule, nameIsDNSLabel, nameIsDNSSubdomain } from './names.js';
import type { KubeObject, ObjectMeta, OwnerReference } from './object.js';

/** The object goes before its dependents, which lose their reference to it. */
export const ORPHAN_FINALIZER = 'orphan';
/** The object goes after its dependents. */
export const FOREGROUND_FINALIZER = 'foregroundDeletion';

/** Holds a namespace until its content is gone. */
export const NAMESPACE_FINALIZER = 'kubernetes';
const STANDARD_FINALIZERS = [NAMESPACE_FINALIZER, ORPHAN_FINALIZER, FOREGROUND_FINALIZER];

export const FIELD_IMMUTABLE = 'field is immutable';
export const NOT_NEGATIVE = 'must be greater than or equal to 0';

const ANNOTATIONS_MAX_BYTES = 256 * 1024;

/** In what the rules differ from kind to kind. */
export interface MetadataRules {
  readonly namespaced: boolean;
  /** Default: a DNS subdomain. */
  readonly validateName?: NameRule | undefined;
  /** Default: metadata. */
  readonly path?: FieldPath | undefined;
  /** Finalizers of one word are not refused, though they are none of the standard ones. */
  readonly plainFinalizers?: boolean;
}

/** @returns all that is wrong with the name of a new object, and with what its name was made of */
export function validateNames(meta: ObjectMeta, path: FieldPath, validateName: NameRule): FieldError[] {
  const errors: FieldError[] = [];
  if (meta.generateName)
    errors.push(...validateName(meta.generateName, true).map((m) => invalid(path.child('generateName'), meta.generateName, m)));
  if (!meta.name) errors.push(required(path.child('name'), 'name or generateName is required'));
  else errors.push(...validateName(meta.name, false).map((m) => invalid(path.child('name'), meta.name, m)));
  return errors;
}

/** @returns all that is wrong with the metadata of a new object */
export function validateObjectMeta(
  meta: ObjectMeta,
  { namespaced, validateName = nameIsDNSSubdomain, path = at('metadata'), plainFinalizers = false }: MetadataRules,
): FieldError[] {
  const errors = validateNames(meta, path, validateName);
  if (namespaced) {
    if (!meta.namespace) errors.push(required(path.child('namespace')));
    else errors.push(...nameIsDNSLabel(meta.namespace, false).map((m) => invalid(path.child('namespace'), meta.namespace, m)));
  } else if (meta.namespace) errors.push(forbidden(path.child('namespace'), 'not allowed on this type'));
  errors.push(...validateNonNegative(meta.generation ?? 0, path.child('generation')));
  errors.push(...validateLabels(meta.labels, path.child('labels')));
  errors.push(...validateAnnotations(meta.annotations, path.child('annotations')));
  errors.push(...validateOwnerReferences(meta.ownerReferences ?? [], path.child('ownerReferences')));
  errors.push(...validateFinalizers(meta.finalizers ?? [], path.child('finalizers')));
  errors.push(...validateManagedFields(meta.managedFields ?? [], path.child('managedFields')));
  if (!plainFinalizers) errors.push(...validateStandardFinalizers(meta, path));
  return errors;
}

/** @returns all that is wrong with a change of metadata */
export function validateObjectMetaUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  { path = at('metadata'), plainFinalizers = false }: Pick<MetadataRules, 'path' | 'plainFinalizers'> = {},
): FieldError[] {
  const errors: FieldError[] = [];
  if (old.deletionTimestamp) errors.push(...validateNoNewFinalizers(meta.finalizers ?? [], old.finalizers ?? [], path.child('finalizers')));
  if (!meta.resourceVersion)
    errors.push(invalid(path.child('resourceVersion'), meta.resourceVersion ?? '', 'must be specified for an update'));
  if ((meta.generation ?? 0) < (old.generation ?? 0))
    errors.push(invalid(path.child('generation'), meta.generation ?? 0, 'must not be decremented'));
  for (const name of ['name', 'namespace', 'uid'] as const)
    errors.push(...validateImmutable(meta[name] ?? '', old[name] ?? '', path.child(name)));
  for (const name of ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const)
    errors.push(...validateImmutable(meta[name], old[name], path.child(name)));
  errors.push(...validateLabels(meta.labels, path.child('labels')));
  errors.push(...validateAnnotations(meta.annotations, path.child('annotations')));
  errors.push(...validateOwnerReferences(meta.ownerReferences ?? [], path.child('ownerReferences')));
  errors.push(...validateManagedFields(meta.managedFields ?? [], path.child('managedFields')));
  if (!plainFinalizers) errors.push(...validateStandardFinalizers(meta, path));
  return errors;
}

/** What a client may set, for writes that have nothing to do with it (metav1.ResetObjectMetaForStatus). */
export function restoreMetadata({ metadata }: KubeObject, { metadata: old }: KubeObject): void {
  metadata.labels = old.labels;
  metadata.annotations = old.annotations;
  metadata.finalizers = old.finalizers;
  metadata.ownerReferences = old.ownerReferences;
  metadata.generation = old.generation;
  metadata.deletionTimestamp = old.deletionTimestamp;
  metadata.selfLink = old.selfLink;
}

/** `field is immutable` unless both are equal; an absent and an empty list are equal. @param shown what the message shows */
export function validateImmutable(value: unknown, old: unknown, path: FieldPath, shown = value): FieldError[] {
  return semanticEqual(value, old) ? [] : [invalid(path, shown, FIELD_IMMUTABLE)];
}

/**
 * Deep equality that takes absent, null and an empty list for the same, as apimachinery's equality.Semantic does. It does so
 * with empty maps too, but tells an absent struct from an empty one: decoded objects have no empty maps, so `{}` is a struct.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return holdsNothing(a) && holdsNothing(b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => semanticEqual(v, b[i]));
  if (Array.isArray(a) || Array.isArray(b)) return holdsNothing(a) && holdsNothing(b);
  const x = a as Record<string, unknown>;
  const y = b as Record<string, unknown>;
  for (const k in x) if (!semanticEqual(x[k], y[k])) return false;
  for (const k in y) if (!(k in x) && !holdsNothing(y[k])) return false;
  return true;
}

/**
 * As Go's reflect.DeepEqual compares what was decoded with what was stored, where nothing is empty: a list or map that is given
 * empty makes a difference.
 */
export function strictlyEqual(decoded: unknown, stored: unknown): boolean {
  return semanticEqual(decoded, stored) && !givenEmptyWithin(decoded);
}

function holdsNothing(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return Array.isArray(value) && value.length === 0;
}

/** Zero or more. */
export function validateNonNegative(value: number, path: FieldPath): FieldError[] {
  return value < 0 ? [invalid(path, value, NOT_NEGATIVE)] : [];
}

/** Keys and values of labels, or of a selector of them. */
export function validateLabels(labels: Record<string, string> | undefined, path: FieldPath): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...validateQualifiedName(key, path),
    ...isLabelValue(value).map((m) => invalid(path, value, m)),
  ]);
}

/** Keys of annotations, and the size of them all. */
export function validateAnnotations(annotations: Record<string, string> | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    errors.push(...isQualifiedName(key.toLowerCase()).map((m) => invalid(path, key, m)));
    size += byteLength(key) + byteLength(value);
  }
  if (size > ANNOTATIONS_MAX_BYTES) errors.push(tooLong(path, ANNOTATIONS_MAX_BYTES));
  return errors;
}

function validateOwnerReferences(references: readonly OwnerReference[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  let controller = '';
  for (const ref of references) {
    const slash = ref.apiVersion.indexOf('/');
    // as schema.FromAPIVersionAndKind: what has no or more than one slash is a version alone, or nothing
    const [group, version] = slash < 0 ? ['', ref.apiVersion] : [ref.apiVersion.slice(0, slash), ref.apiVersion.slice(slash + 1)];
    if (version === '' || version.includes('/'))
      errors.push(invalid(path.child('apiVersion'), ref.apiVersion, 'version must not be empty'));
    for (const name of ['kind', 'name', 'uid'] as const)
      if (!ref[name]) errors.push(invalid(path.child(name), ref[name] ?? '', 'must not be empty'));
    if (group === '' && version === 'v1' && ref.kind === 'Event')
      errors.push(invalid(path, inOrder(ref), '/v1, Kind=Event is disallowed from being an owner'));
    if (ref.controller) {
      const name = `${ref.kind}/${ref.name}`;
      if (controller === '') controller = name;
      else {
        const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${name}`;
        errors.push(invalid(path, references.map(inOrder), detail));
      }
    }
  }
  return errors;
}

// the order of the fields in Go, in which messages show them
function inOrder(ref: OwnerReference): OwnerReference {
  return {
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    name: ref.name,
    uid: ref.uid,
    ...(ref.controller !== undefined && { controller: ref.controller }),
    ...(ref.blockOwnerDeletion !== undefined && { blockOwnerDeletion: ref.blockOwnerDeletion }),
  };
}

function validateFinalizers(finalizers: readonly string[], path: FieldPath): FieldError[] {
  const errors = finalizers.flatMap((f) => validateQualifiedName(f, path));
  if (finalizers.includes(ORPHAN_FINALIZER) && finalizers.includes(FOREGROUND_FINALIZER))
    errors.push(invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
  return errors;
}

/** Finalizers that are neither standard ones nor say whose they are. */
export function validateStandardFinalizers({ finalizers = [] }: ObjectMeta, path: FieldPath = at('metadata')): FieldError[] {
  return finalizers.flatMap((name, i) => validateStandardFinalizer(name, path.child('finalizers').index(i)));
}

/** A finalizer is a standard one or says whose it is. */
export function validateStandardFinalizer(name: string, path: FieldPath): FieldError[] {
  if (name.includes('/') || STANDARD_FINALIZERS.includes(name)) return [];
  return [invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified')];
}

/** An object on its way out takes no more finalizers. */
function validateNoNewFinalizers(finalizers: readonly string[], old: readonly string[], path: FieldPath): FieldError[] {
  const added = [...new Set(finalizers)].filter((f) => !old.includes(f)).sort();
  if (added.length === 0) return [];
  const list = `[]string{${added.map((f) => JSON.stringify(f)).join(', ')}}`;
  return [forbidden(path, `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`)];
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[], path: FieldPath): FieldError[] {
  return entries.flatMap((entry, i) => {
    const at = path.index(i);
    const errors: FieldError[] = [];
    if (entry.operation !== 'Apply' && entry.operation !== 'Update')
      errors.push(invalid(at.child('operation'), entry.operation ?? '', 'must be `Apply` or `Update`'));
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1')
      errors.push(invalid(at.child('fieldsType'), entry.fieldsType, 'must be `FieldsV1`'));
    errors.push(...validateFieldManager(entry.manager ?? '', at.child('manager')));
    if (byteLength(entry.subresource ?? '') > 256) errors.push(tooLong(at.child('subresource'), 256));
    return errors;
  });
}

/** The name of a field manager, in managedFields or in a URL. */
export function validateFieldManager(manager: string, path: FieldPath): FieldError[] {
  const errors = byteLength(manager) > 128 ? [tooLong(path, 128)] : [];
  let position = 0;
  for (const c of manager) {
    // Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space
    if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(c)) {
      const code = `U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
      errors.push(invalid(path, manager, `invalid character ${code} (at position ${position})`));
    }
    position += byteLength(c);
  }
  return errors;
}

/** A metav1.Condition, as most newer status have them. */
export interface ConditionLike {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration?: number | undefined;
  readonly lastTransitionTime?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

const REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const REASON_MESSAGE = `a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${REASON}')`;
const REASON_PATTERN = new RegExp(`^${REASON}$`);

/** @returns all that is wrong with a list of metav1.Condition */
export function validateConditions(conditions: readonly ConditionLike[], path: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return conditions.flatMap((condition, i) => {
    const at = path.index(i);
    const errors: FieldError[] = [];
    if (seen.has(condition.type)) errors.push(duplicate(at.child('type'), condition.type));
    seen.add(condition.type);
    return [...errors, ...validateCondition(condition, at)];
  });
}

function validateCondition(condition: ConditionLike, path: FieldPath): FieldError[] {
  const errors = validateQualifiedName(condition.type, path.child('type'));
  if (!['True', 'False', 'Unknown'].includes(condition.status))
    errors.push(notSupported(path.child('status'), condition.status, ['False', 'True', 'Unknown']));
  if ((condition.observedGeneration ?? 0) < 0)
    errors.push(invalid(path.child('observedGeneration'), condition.observedGeneration, 'must be greater than or equal to zero'));
  if (!condition.lastTransitionTime) errors.push(required(path.child('lastTransitionTime')));
  const reason = condition.reason ?? '';
  if (reason === '') errors.push(required(path.child('reason')));
  else {
    if (!REASON_PATTERN.test(reason)) errors.push(invalid(path.child('reason'), reason, REASON_MESSAGE));
    if (byteLength(reason) > 1024) errors.push(tooLong(path.child('reason'), 1024));
  }
  if (byteLength(condition.message ?? '') > 32768) errors.push(tooLong(path.child('message'), 32768));
  return errors;
}
