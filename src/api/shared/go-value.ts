// Values as messages show them where upstream prints its internal types: those have no JSON names, so fields have their Go
// names, and all of them are shown.
import { fact } from '../facts.js';
import { type FieldError, type FieldPath, invalid } from '../meta/field-errors.js';
import { FIELD_IMMUTABLE, semanticEqual } from '../meta/metadata.js';

/**
 * The kind of a value in facts/internal-structs.json: a struct's name (core.PodSpec), `*` a pointer, `[]` a list and `{}` a map
 * of a kind, s, n, b, q, t: string, number, boolean, quantity, time; j: shown as it is in JSON.
 */
export type GoKind = string;

/** A field by its Go name ("": what is embedded), and the name it has in JSON where that is another one. */
type InternalField = readonly [name: string, kind: GoKind, json?: string];

const ZERO: Readonly<Record<string, unknown>> = { s: '', n: 0, b: false, q: '0' };
/** An embedded struct of the metadata, whose fields have names in JSON. */
const METADATA = 'ObjectMeta';
/** Fields of a pod that upstream keeps in its security context. */
const OF_SECURITY_CONTEXT = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers'];

/** A value as upstream prints it; without a kind, field names are made up from those in JSON, and absent fields left out. */
export function goValue(value: unknown, kind?: GoKind): unknown {
  return kind === undefined ? capitalized(value) : typed(value ?? undefined, kind);
}

/** A part of an object that cannot be changed, shown as upstream prints it. */
export function validateImmutableStruct(value: unknown, old: unknown, path: FieldPath, kind: GoKind): FieldError[] {
  return semanticEqual(value, old) ? [] : [invalid(path, goValue(value, kind), FIELD_IMMUTABLE)];
}

function typed(value: unknown, kind: GoKind): unknown {
  if (kind.startsWith('*')) return value === undefined ? null : typed(value, kind.slice(1));
  if (kind.startsWith('[]'))
    return Array.isArray(value) && value.length > 0 ? value.map((item: unknown) => typed(item ?? undefined, kind.slice(2))) : null;
  if (kind.startsWith('{}')) return typedMap(value, kind.slice(2));
  const fields = fact<Record<string, readonly InternalField[]>>('internal-structs')[kind];
  if (!fields) return value ?? ZERO[kind] ?? null;
  const source = byName(kind === 'core.PodSpec' ? withMoved(value as Fields) : ((value ?? {}) as Fields));
  const result: Record<string, unknown> = {};
  for (const [name, of, json = name] of fields) {
    if (name !== '') result[name] = typed(source.get(json.toLowerCase()), of);
    else Object.assign(result, of === METADATA ? (source.get('metadata') ?? {}) : typed(value, of));
  }
  return result;
}

type Fields = Readonly<Record<string, unknown>>;

function typedMap(value: unknown, kind: GoKind): unknown {
  const entries = Object.entries((value ?? {}) as Fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length > 0 ? Object.fromEntries(entries.map(([key, item]) => [key, typed(item ?? undefined, kind)])) : null;
}

/** Names in Go mostly differ from those in JSON by case only. */
function byName(value: Fields): Map<string, unknown> {
  return new Map(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field ?? undefined]));
}

function withMoved(spec: Fields): Fields {
  const moved = Object.fromEntries(OF_SECURITY_CONTEXT.map((name) => [name, spec[name]]));
  return { ...spec, securityContext: { ...(spec['securityContext'] as Fields | undefined), ...moved } };
}

function capitalized(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(capitalized);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .map(([k, v]) => [goName(k), capitalized(v)]),
  );
}

const INITIALISMS = /^(api|cidr|dns|fs|id|ip|pid|ttl|tty|uid|uri|url)(?![a-z])/;

/** The Go name of a field. */
function goName(name: string): string {
  const initialism = INITIALISMS.exec(name)?.[0] ?? name.charAt(0);
  return initialism.toUpperCase() + name.slice(initialism.length);
}
