import type { DeleteOptions } from '../context.js';
import { type FieldError, invalid, notSupported } from '../meta/field-errors.js';

const POLICIES = ['Foreground', 'Background', 'Orphan'];

/** What is wrong with the options of a deletion, as apimachinery's ValidateDeleteOptions has it. */
export function validateDeleteOptions({ orphanDependents, propagationPolicy, dryRun = [] }: DeleteOptions): FieldError[] {
  const errors: FieldError[] = [];
  if (orphanDependents !== undefined && propagationPolicy !== undefined)
    errors.push(invalid('propagationPolicy', propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'));
  if (propagationPolicy !== undefined && !POLICIES.includes(propagationPolicy))
    errors.push(notSupported('propagationPolicy', propagationPolicy, [...POLICIES, 'nil']));
  return [...errors, ...validateDryRun(dryRun)];
}

/** The only dry run there is leaves out nothing but the write. */
export function validateDryRun(values: readonly string[]): FieldError[] {
  return values.some((v) => v !== 'All') ? [notSupported('dryRun', values, ['All'])] : [];
}
