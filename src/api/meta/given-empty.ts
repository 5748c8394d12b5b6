// Go tells an empty map or list from none at all, though it writes neither. Messages that show the value do show the
// difference, and field ownership sees it within lists that are owned as a whole; so decoding notes here what it has left out.

const givenEmpty = new WeakMap<object, Map<string, unknown>>();
const holders = new WeakSet<object>();

/** Notes that `field` of an object was given, and empty. @param value the empty map or list */
export function noteGivenEmpty(object: object, field: string, value: unknown): void {
  const fields = givenEmpty.get(object);
  if (fields) fields.set(field, value);
  else givenEmpty.set(object, new Map([[field, value]]));
}

/** Whether `field`, absent from a decoded object, was given and empty. Copies of the object do not know. */
export function wasGivenEmpty(object: object, field: string): boolean {
  return givenEmpty.get(object)?.has(field) ?? false;
}

/** A field of a decoded object as messages show it: what is not there is null, unless it was given and empty. */
export function asGiven<T extends object>(object: T, field: keyof T & string): unknown {
  return object[field] ?? givenEmpty.get(object)?.get(field) ?? null;
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
  for (const field of givenEmpty.get(value)?.keys() ?? []) if (fields[field] === undefined) return true;
  return Object.values(fields).some(givenEmptyWithin);
}
