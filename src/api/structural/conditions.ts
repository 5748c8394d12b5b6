import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from '../types/apiextensions-v1.gen.js';

/** Holds a definition until its objects are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** A condition, but for its time. */
export type Condition = Omit<CustomResourceDefinitionCondition, 'lastTransitionTime'>;

/** @returns the condition of a type, if there is one */
export function conditionOf({ status }: CustomResourceDefinition, type: string): CustomResourceDefinitionCondition | undefined {
  return status.conditions?.find((c) => c.type === type);
}

/** Whether a definition has a condition that is true. */
export function isTrue(definition: CustomResourceDefinition, type: string): boolean {
  return conditionOf(definition, type)?.status === 'True';
}

/** Sets a condition in a status that is the caller's own. Its time stays where its status does. */
export function setCondition(status: CustomResourceDefinition['status'], condition: Condition, time: string): void {
  const conditions = status.conditions ?? [];
  const old = conditions.find((c) => c.type === condition.type);
  const next = {
    ...condition,
    lastTransitionTime: old?.status === condition.status && old.lastTransitionTime ? old.lastTransitionTime : time,
  };
  status.conditions = old ? conditions.map((c) => (c === old ? next : c)) : [...conditions, next];
}
