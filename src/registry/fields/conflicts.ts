import { ApiError } from '../../api/meta/errors.js';
import { goJson } from '../../api/meta/field-errors.js';
import type { Manager } from './managers.js';
import { type FieldSet, paths } from './set.js';

/** A field that another manager owns, which the configuration would change. */
export interface Conflict {
  readonly manager: Manager;
  readonly path: string;
}

/** One conflict for each path of the set. */
export function conflictsOf(manager: Manager, set: FieldSet): Conflict[] {
  return paths(set).map((path) => ({ manager, path }));
}

/** The conflicts about fields that are not in the set. */
export function withoutAllowed(conflicts: readonly Conflict[], allowed: FieldSet): Conflict[] {
  const names = new Set(paths(allowed));
  return conflicts.filter((conflict) => !names.has(conflict.path));
}

/** `"name" with subresource "status" using v1`; appliers are named without their version. */
function nameOf({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = quote(manager) + (subresource === '' ? '' : ` with subresource ${quote(subresource)}`);
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}

function quote(text: string): string {
  return goJson(JSON.stringify(text));
}

/** The 409 of a failed apply, one cause a conflict. */
export function conflictError(conflicts: readonly Conflict[]): ApiError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${nameOf(manager)}`,
    field: path,
  }));
  return new ApiError({ code: 409, reason: 'Conflict', message: describe(conflicts), details: { causes } });
}

function describe(conflicts: readonly Conflict[]): string {
  const [first] = conflicts;
  if (first && conflicts.length === 1) return `Apply failed with 1 conflict: conflict with ${nameOf(first.manager)}: ${first.path}`;
  const byManager = new Map<string, string[]>();
  for (const { manager, path } of conflicts) {
    const name = nameOf(manager);
    byManager.set(name, [...(byManager.get(name) ?? []), path]);
  }
  const lines = [...byManager]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, fields]) => [`conflicts with ${name}:`, ...fields.map((f) => `- ${f}`)]);
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}
