// The conditions in which a namespace that is being deleted tells what holds it up.
import type { NamespaceCondition } from '../../api/types/core-v1.gen.js';
import { timestamp } from '../../util/clock.js';

/** What one round of deletion has found. */
export interface Findings {
  readonly errors: readonly Error[];
  /** How many objects are left, by `resource.group`. */
  readonly remaining: ReadonlyMap<string, number>;
  /** How many of them a finalizer holds, by finalizer. */
  readonly finalizers: ReadonlyMap<string, number>;
}

type NewCondition = Required<Pick<NamespaceCondition, 'type' | 'status' | 'reason' | 'message'>>;

/** @returns the conditions as they should be; those present keep their order, and their time while their status stays */
export function deletionConditions(
  present: readonly NamespaceCondition[] | undefined,
  findings: Findings,
  now: number,
): NamespaceCondition[] {
  const next = wanted(findings);
  const kept = (present ?? []).map((old) => {
    const found = next.find((c) => c.type === old.type);
    if (!found) return old;
    return { ...old, ...found, lastTransitionTime: old.status === found.status ? old.lastTransitionTime : timestamp(now) };
  });
  const added = next.filter((c) => !present?.some((old) => old.type === c.type));
  return [...kept, ...added.map((c) => ({ ...c, lastTransitionTime: timestamp(now) }))];
}

function wanted({ errors, remaining, finalizers }: Findings): NewCondition[] {
  const texts = errors.map((e) => e.message).sort();
  const left = [...remaining].map(([resource, count]) => `${resource} has ${count} resource instances`).sort();
  const held = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`).sort();
  return [
    fine('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    fine('NamespaceDeletionGroupVersionParsingFailure', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'),
    texts.length > 0
      ? bad(
          'NamespaceDeletionContentFailure',
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${texts.length} remaining: ${texts.join(', ')}`,
        )
      : fine('NamespaceDeletionContentFailure', 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'),
    left.length > 0
      ? bad('NamespaceContentRemaining', 'SomeResourcesRemain', `Some resources are remaining: ${left.join(', ')}`)
      : fine('NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed'),
    held.length > 0
      ? bad(
          'NamespaceFinalizersRemaining',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held.join(', ')}`,
        )
      : fine('NamespaceFinalizersRemaining', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'),
  ];
}

function fine(type: string, reason: string, message: string): NewCondition {
  return { type, status: 'False', reason, message };
}

function bad(type: string, reason: string, message: string): NewCondition {
  return { type, status: 'True', reason, message };
}
