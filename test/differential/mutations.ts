// One wrong (or merely different) thing at one place of a valid object. The same object and schema always give the same list.
import { filled, type Path, type Place, places, type Schema } from './schema.js';

/** An object that differs from a valid one at one place. */
export interface Mutation {
  /** `spec.replicas = -1` */
  readonly name: string;
  readonly place: Place;
  /** What is put there; undefined: it is taken away. */
  readonly value: unknown;
  /** The document: a text, since keys can stand twice. */
  readonly text: string;
}

const LONG = 'x'.repeat(300);
/** One of each type, and of each kind of text that validation looks at. */
const ANY_TYPE: readonly unknown[] = [
  'x',
  '',
  'Bad_Value!',
  LONG,
  'a.b/c',
  '10.0.0.1',
  '5',
  ' ',
  0,
  7,
  -1,
  1.5,
  70000,
  3e9,
  1e20,
  true,
  false,
  null,
  [],
  ['x'],
  [7],
  [null],
  {},
  { x: 'y' },
  [{}],
]; // prettier-ignore
/** A key that becomes a second one of the same name when the document is written. */
const TWICE = '\u0001twice';

/**
 * The mutations of several objects of a kind, each with the index of its object: all of them at places no object or item before
 * had, and at the others, which are mostly answered alike, one in so many.
 * @param again how many
 */
export function* mutationsOf(schema: Schema, objects: readonly unknown[], again: number): Iterable<[Mutation, number]> {
  const seen = new Set<string>();
  for (const [i, object] of objects.entries())
    for (const place of places(schema, object)) {
      const known = `${place.general} ${place.value === undefined ? 'absent' : 'present'}`;
      const isNew = !seen.has(known);
      seen.add(known);
      for (const m of place.path.length === 0 ? [] : at(object, place)) if (isNew || hash(m.name) % again === 0) yield [m, i];
    }
}

function at(object: unknown, place: Place): Mutation[] {
  const { path, schema, value } = place;
  const made: Mutation[] = [];
  const put = (label: string, v: unknown) =>
    made.push({ name: `${dotted(path)} ${label}`, place, value: v, text: written(replaced(object, path, v)) });
  const candidates =
    value === undefined ? [...ANY_TYPE, filled(schema, false), filled(schema, true)] : [...ANY_TYPE, ...(schema.enum ?? [])];
  const seen = new Set([JSON.stringify(value)]);
  for (const v of candidates) {
    const text = JSON.stringify(v);
    if (seen.has(text)) continue;
    seen.add(text);
    put(`= ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`, v);
  }
  if (value === undefined) return made;
  put('removed', undefined);
  if (Array.isArray(value) && value.length > 0) put('with its first item twice', [...value, value[0]]);
  if (isFields(value)) {
    put('with an unknown field', { ...value, unknownField: { a: 1 } });
    const [key] = Object.keys(value);
    if (key !== undefined) put(`with ${key} twice`, { ...value, [key + TWICE]: value[key] });
  }
  return made;
}

/** The document as JSON. */
export function written(object: unknown): string {
  return JSON.stringify(object).replaceAll(JSON.stringify(TWICE).slice(1, -1), '');
}

/** A copy of a value with another one at a place; an item of a list that is taken away leaves no gap. */
export function replaced(value: unknown, path: Path, to: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return to;
  if (Array.isArray(value)) {
    const items = value.map((v, i) => (i === step ? replaced(v, rest, to) : v));
    return rest.length === 0 && to === undefined ? items.filter((_, i) => i !== step) : items;
  }
  const fields = { ...(value as Record<string, unknown>) };
  const next = replaced(fields[step], rest, to);
  if (next === undefined) delete fields[step];
  else fields[step] = next;
  return fields;
}

/** spec.ports[0].port */
export function dotted(path: Path): string {
  return path.reduce<string>((text, step) => (typeof step === 'number' ? `${text}[${step}]` : text ? `${text}.${step}` : step), '');
}

/** FNV-1a: spreads samples evenly, the same ones each time. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return h;
}

function isFields(v: unknown): v is Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}
