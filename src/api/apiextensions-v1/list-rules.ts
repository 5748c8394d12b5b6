import { type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../meta/field-errors.js';
import { itemsOf, propertyOf, type Schema } from '../structural/schema.js';

const LIST_TYPES = ['atomic', 'set', 'map'];
const MAP_TYPES = ['atomic', 'granular'];

/** @returns what is wrong with x-kubernetes-map-type and x-kubernetes-list-type; `atomicSets`: values of sets must have no parts */
export function validateListsAndMaps(schema: Schema, path: FieldPath, atomicSets: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const mapType = schema['x-kubernetes-map-type'];
  const listType = schema['x-kubernetes-list-type'];
  if (mapType !== undefined) errors.push(...typeError(schema, path, 'object', 'x-kubernetes-map-type'));
  if (mapType !== undefined && !MAP_TYPES.includes(mapType))
    errors.push(notSupported(path.child('x-kubernetes-map-type'), mapType, MAP_TYPES));
  if (listType !== undefined) {
    const wrong = typeError(schema, path, 'array', 'x-kubernetes-list-type');
    errors.push(...wrong);
    if (wrong.length === 0 && atomicSets && listType === 'set') errors.push(...validateSet(schema, path.child('items')));
    if (!LIST_TYPES.includes(listType)) errors.push(notSupported(path.child('x-kubernetes-list-type'), listType, LIST_TYPES));
  }
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const text = 'must be map if x-kubernetes-list-map-keys is non-empty';
  if (keys.length > 0 && listType === undefined) errors.push(required(path.child('x-kubernetes-list-type'), text));
  else if (keys.length > 0 && listType !== 'map') errors.push(invalid(path.child('x-kubernetes-list-type'), listType, text));
  return listType === 'map' ? [...errors, ...validateMap(schema, keys, path)] : errors;
}

function typeError({ type = '' }: Schema, path: FieldPath, wanted: string, extension: string): FieldError[] {
  if (type === wanted) return [];
  const text = `must be ${wanted} if ${extension} is specified`;
  return [type === '' ? required(path.child('type'), text) : invalid(path.child('type'), type, text)];
}

function validateSet(schema: Schema, path: FieldPath): FieldError[] {
  const items = itemsOf(schema);
  const text = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = items?.['x-kubernetes-list-type'];
  if (items?.type === 'array' && listType !== undefined && listType !== 'atomic')
    return [invalid(path.child('x-kubernetes-list-type'), listType, text)];
  // upstream shows the type of lists here too
  if (items?.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
    return [invalid(path.child('x-kubernetes-map-type'), listType ?? null, text)];
  return [];
}

function validateMap(schema: Schema, keys: readonly string[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const names = path.child('x-kubernetes-list-map-keys');
  const at = path.child('items');
  const items = itemsOf(schema);
  if (keys.length === 0) errors.push(required(names, 'must not be empty if x-kubernetes-list-type is map'));
  if (schema.items === undefined) errors.push(required(at, 'must have a schema if x-kubernetes-list-type is map'));
  else if (!items) errors.push(invalid(at, schema.items, 'must only have a single schema if x-kubernetes-list-type is map'));
  else if (items.type !== 'object')
    errors.push(invalid(at.child('type'), items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map"));
  else {
    keys.forEach((key, i) => {
      const property = propertyOf(items, key);
      if (!property) errors.push(invalid(names, keys, 'entries must all be names of item properties'));
      else if (property.type === 'array' || property.type === 'object')
        errors.push(
          invalid(
            at.child('properties').key(key).child('type'),
            items.type,
            "must be a scalar type if parent array's x-kubernetes-list-type is map",
          ),
        );
      if (keys.indexOf(key) < i) errors.push(invalid(names, keys, 'must not contain duplicate entries'));
    });
  }
  return errors;
}

/** @returns what keeps items of sets and maps from being told apart: keys that may be absent, items that may be null */
export function validateMapList(schema: Schema, path: FieldPath): FieldError[] {
  const type = schema['x-kubernetes-list-type'];
  const items = itemsOf(schema);
  if (!items || (type !== 'set' && type !== 'map')) return [];
  const at = path.child('items');
  const errors = items.nullable ? [forbidden(at.child('nullable'), `cannot be nullable when x-kubernetes-list-type is ${type}`)] : [];
  if (type === 'set') return errors;
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const property = propertyOf(items, key);
    if (!property) continue;
    const place = at.child('properties').key(key);
    if (!items.required?.includes(key) && property.default === undefined)
      errors.push(
        required(
          place.child('default'),
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
    if (property.nullable)
      errors.push(forbidden(place.child('nullable'), 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'));
  }
  return errors;
}
