import type { CustomResourceDefinition } from '../types/apiextensions-v1.gen.js';

/** Names the pull request in which a definition in a group of the project was approved. */
export const APPROVED_ANNOTATION = 'api-approved.kubernetes.io';
const SEE = 'see https://github.com/kubernetes/enhancements/pull/1111';

/** How a definition stands, and the words its condition says it in. */
export interface Approval {
  readonly state: 'approved' | 'bypassed' | 'missing' | 'invalid';
  readonly reason: string;
}

/** Whether a group is one of the project's. */
export function isProtected(group: string): boolean {
  return ['k8s.io', 'kubernetes.io'].some((domain) => group === domain || group.endsWith(`.${domain}`));
}

/** What a definition says of its approval. */
export function approvalOf({ metadata }: CustomResourceDefinition): Approval {
  const given = metadata.annotations?.[APPROVED_ANNOTATION] ?? '';
  const name = JSON.stringify(APPROVED_ANNOTATION);
  if (given === '') return { state: 'missing', reason: `protected groups must have approval annotation ${name}, ${SEE}` };
  if (given.startsWith('unapproved')) return { state: 'bypassed', reason: `not approved: ${JSON.stringify(given)}` };
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#\s]+/.test(given)) return { state: 'approved', reason: `approved in ${given}` };
  return {
    state: 'invalid',
    reason: `protected groups must have approval annotation ${name} with either a URL or a reason starting with "unapproved", ${SEE}`,
  };
}
