/**
 * A value as messages show it where upstream prints its internal types, which have no JSON names: fields are capitalized.
 * Upstream prints absent fields too; nobody can rely on this form, it only tells the reader what was found.
 */
export function goValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(goValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .map(([k, v]) => [k.charAt(0).toUpperCase() + k.slice(1), goValue(v)]),
  );
}
