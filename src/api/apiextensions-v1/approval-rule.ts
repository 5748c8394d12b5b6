// Groups of the Kubernetes project need an approval. https://github.com/kubernetes/enhancements/pull/1111
import { at, type FieldError, invalid, required } from '../meta/field-errors.js';
import type { CustomResourceDefinition } from '../types/apiextensions-v1.gen.js';
import { approvalOf, APPROVED_ANNOTATION, isProtected } from '../structural/approval.js';

/** @returns what is wrong with the approval; one that is as it was before an update is not looked at */
export function validateApproval(definition: CustomResourceDefinition, old: CustomResourceDefinition | undefined): FieldError[] {
  if (!isProtected(definition.spec.group)) return [];
  const { state, reason } = approvalOf(definition);
  if (old && approvalOf(old).state === state) return [];
  const path = at('metadata', 'annotations').key(APPROVED_ANNOTATION);
  if (state === 'missing') return [required(path, reason)];
  return state === 'invalid' ? [invalid(path, definition.metadata.annotations?.[APPROVED_ANNOTATION], reason)] : [];
}
