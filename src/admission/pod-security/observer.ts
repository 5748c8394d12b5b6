import type { AdmissionAttributes } from '../../api/admission.js';
import type { Policy, Standard } from './policy.js';

/** What is checked, as far as an observer is told. */
export interface Subject {
  readonly operation: 'create' | 'update';
  readonly resource: 'pod' | 'controller';
  readonly subresource: string;
}

/** Is told what PodSecurity decides about pods and about what makes pods. */
export interface PodSecurityObserver {
  /** Of what is only warned about or written down, refusals are told. */
  evaluated(decision: 'allow' | 'deny', mode: keyof Policy, standard: Standard, subject: Subject): void;
  exempted(subject: Subject): void;
  /** The labels of the namespace are wrong. */
  misled(subject: Subject): void;
}

/** Of nothing. */
export const blind: PodSecurityObserver = { evaluated() {}, exempted() {}, misled() {} };

/** Whom a write is about. */
export function subjectOf({ definition, operation, subresource }: AdmissionAttributes): Subject {
  const isPod = definition.group === '' && definition.resource === 'pods';
  return { operation: operation === 'CREATE' ? 'create' : 'update', resource: isPod ? 'pod' : 'controller', subresource };
}
