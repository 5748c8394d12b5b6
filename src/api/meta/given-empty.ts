// Go tells an empty map or list from none at all, though it writes neither. Messages that show the value do show the
// difference, so decoding notes here what it has left out.

const givenEmpty = new WeakMap<object, Set<string>>();

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
