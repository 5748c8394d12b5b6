// Go tells an empty map or list from none at all, though it writes neither. Messages that show the value do show the
// difference, and field ownership sees it within lists that are owned as a whole; so decoding notes here what it has left out.

const givenEmpty = new WeakMap<object, Set<string>>();
const holders = new WeakSet<object>();

/** Notes that `field` of an object was given, and empty. */
export function noteGivenEmpty(object: object, field: string): void {
  const fields = givenEmpty.get(object);
  if (fields) fields.add(field);
  else givenEmpty.set(object, new Set([field]));
}

/** Whether `field`, absent from a decoded object, was given and empty. Copies of the object do not know. */
export function wasGivenEmpty(object: object, field: string): boolean {
  return givenEmpty.get(object)?.has(field) ?? false;
}

/** Notes that something within a document was given empty. */
export function noteHolder(document: object): void {
  holders.add(document);
}

/** Whether anything within a decoded document was given empty. Copies of the document do not know. */
export function holdsGivenEmpty(document: object): boolean {
  return holders.has(document);
}

/** Whether something was given empty within a list that is part of the value. */
export function listHoldsGivenEmpty(value: unknown, inList = false): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => listHoldsGivenEmpty(item, true));
  return (inList && givenEmpty.has(value)) || Object.values(value).some((part) => listHoldsGivenEmpty(part, inList));
}

/** Whether anything in a decoded value was given and empty, and is absent still. */
export function givenEmptyWithin(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  for (const field of givenEmpty.get(value) ?? []) if (fields[field] === undefined) return true;
  return Object.values(fields).some(givenEmptyWithin);
}

/** A list of a decoded object as messages show it: null when there is none. */
export function shownList<K extends string>(object: { readonly [field in K]?: readonly unknown[] }, field: K): readonly unknown[] | null {
  return object[field] ?? (wasGivenEmpty(object, field) ? [] : null);
}

/** The same for a map. */
export function shownMap<K extends string>(object: { readonly [field in K]?: object }, field: K): object | null {
  return object[field] ?? (wasGivenEmpty(object, field) ? {} : null);
}
