import type { ParamKind, ParamRef } from '../types/admissionregistration-v1.gen.js';
import { goSelector } from './go-selector.js';

const UNSET = '<unset>';

/** The cell of the kind of a policy's parameters. */
export function paramKindCell(kind: ParamKind | undefined): string {
  return kind ? `${kind.apiVersion ?? ''}/${kind.kind ?? ''}` : UNSET;
}

/** Whether parameters have namespaces cannot be told from a reference; one without is shown as in any. */
export function paramRefCell(ref: ParamRef | undefined): string {
  if (ref?.name) return `${ref.namespace || '*'}/${ref.name}`;
  return ref?.selector ? goSelector(ref.selector) : UNSET;
}
