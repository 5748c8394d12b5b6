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
      .map(([k, v]) => [goName(k), goValue(v)]),
  );
}

const INITIALISMS = /^(api|cidr|dns|fs|id|ip|pid|ttl|tty|uid|uri|url)(?![a-z])/;

/** The Go name of a field. */
function goName(name: string): string {
  const initialism = INITIALISMS.exec(name)?.[0] ?? name.charAt(0);
  return initialism.toUpperCase() + name.slice(initialism.length);
}
