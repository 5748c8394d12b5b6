// Who may have which names in a group, and what else a definition's conditions say of it. Pure: from all definitions to the
// status of one. k8s.io/apiextensions-apiserver/pkg/controller/{status,apiapproval,nonstructuralschema}.
import { at } from '../api/meta/field-errors.js';
import { approvalOf, isProtected } from '../api/structural/approval.js';
import { type Condition, conditionOf, isTrue } from '../api/structural/conditions.js';
import { validateStructural } from '../api/structural/rules.js';
import { unsupported } from '../api/structural/schema.js';
import type { CustomResourceDefinition, CustomResourceDefinitionNames } from '../api/types/apiextensions-v1.gen.js';
import { equal } from '../util/equal.js';

/** The names a definition has got, and whether they are those it wants. */
export interface Naming {
  readonly accepted: CustomResourceDefinitionNames;
  readonly condition: Condition;
}

/** @param others the other definitions of the group */
export function nameOf(crd: CustomResourceDefinition, others: readonly CustomResourceDefinition[]): Naming {
  const taken = others.map(({ status }) => status.acceptedNames);
  const resources = new Set(taken.flatMap((n) => [n?.plural, n?.singular, ...(n?.shortNames ?? [])]));
  const kinds = new Set(taken.flatMap((n) => [n?.kind, n?.listKind]));
  const wanted = crd.spec.names;
  const accepted: CustomResourceDefinitionNames = { plural: '', kind: '', ...crd.status.acceptedNames, categories: wanted.categories };
  const conflicts: { reason: string; message: string }[] = [];
  const take = (name: 'plural' | 'singular' | 'kind' | 'listKind', used: ReadonlySet<string | undefined>) => {
    const value = wanted[name] ?? '';
    if (value !== accepted[name] && used.has(value)) conflicts.push(conflict(name, [value]));
    else accepted[name] = value;
  };
  take('plural', resources);
  take('singular', resources);
  const own = new Set(crd.status.acceptedNames?.shortNames);
  const busy = (wanted.shortNames ?? []).filter((name) => !own.has(name) && resources.has(name));
  if (busy.length > 0) conflicts.push(conflict('shortNames', busy));
  else accepted.shortNames = wanted.shortNames;
  take('kind', kinds);
  take('listKind', kinds);
  const last = conflicts.at(-1);
  const condition: Condition = last
    ? { type: 'NamesAccepted', status: 'False', ...last }
    : { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' };
  return { accepted, condition };
}

function conflict(field: string, names: readonly string[]): { reason: string; message: string } {
  const texts = names.map((name) => `${JSON.stringify(name)} is already in use`);
  return {
    reason: `${field.charAt(0).toUpperCase()}${field.slice(1)}Conflict`,
    message: texts.length > 1 ? `[${texts.join(', ')}]` : (texts[0] as string),
  };
}

/** Whether the names are those of the definition already. */
export function isNamed({ spec, status }: CustomResourceDefinition): boolean {
  const bare = ({ plural, singular, kind, listKind, shortNames, categories }: CustomResourceDefinitionNames) => ({
    plural,
    singular,
    kind,
    listKind,
    shortNames: shortNames?.length ? shortNames : undefined,
    categories: categories?.length ? categories : undefined,
  });
  return status.acceptedNames !== undefined && equal(bare(spec.names), bare(status.acceptedNames));
}

/** The condition Established before the resource is served: once true, it stays. */
export function installing(crd: CustomResourceDefinition, named: boolean): Condition {
  const old = conditionOf(crd, 'Established');
  if (old?.status === 'True') return old;
  if (named) return { type: 'Established', status: 'False', reason: 'Installing', message: 'the initial names have been accepted' };
  return old ?? { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
}

export const ESTABLISHED: Condition = {
  type: 'Established',
  status: 'True',
  reason: 'InitialNamesAccepted',
  message: 'the initial names have been accepted',
};

/** What is said besides names: of the approval in groups of the project, and of schemas that are not structural. */
export function otherConditions(crd: CustomResourceDefinition): Condition[] {
  return [...approval(crd), ...nonStructural(crd)];
}

const APPROVAL_REASONS = {
  invalid: ['False', 'InvalidAnnotation'],
  missing: ['False', 'MissingAnnotation'],
  approved: ['True', 'ApprovedAnnotation'],
  bypassed: ['False', 'UnapprovedAnnotation'],
} as const;

function approval(crd: CustomResourceDefinition): Condition[] {
  if (!isProtected(crd.spec.group)) return [];
  const { state, reason: message } = approvalOf(crd);
  const [status, reason] = APPROVAL_REASONS[state];
  return [{ type: 'KubernetesAPIApprovalPolicyConformant', status, reason, message }];
}

function nonStructural({ spec }: CustomResourceDefinition): Condition[] {
  const message = spec.preserveUnknownFields
    ? 'spec.preserveUnknownFields: Invalid value: true: must be false'
    : firstProblem(spec.versions);
  return message === undefined ? [] : [{ type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message }];
}

function firstProblem(versions: CustomResourceDefinition['spec']['versions']): string | undefined {
  for (const [i, { schema }] of versions.entries()) {
    if (!schema?.openAPIV3Schema) continue;
    const why = unsupported(schema.openAPIV3Schema);
    if (why !== undefined) return why;
    const errors = validateStructural(schema.openAPIV3Schema, at('spec', 'versions').index(i).child('schema', 'openAPIV3Schema'));
    const texts = errors.map((e) => `${e.field}: ${e.message}`);
    if (texts.length > 0) return texts.length > 1 ? `[${texts.join(', ')}]` : texts[0];
  }
  return undefined;
}

/** Whether a definition's resource is to be served. */
export function isServable(crd: CustomResourceDefinition): boolean {
  return isTrue(crd, 'NamesAccepted') || isTrue(crd, 'Established');
}
