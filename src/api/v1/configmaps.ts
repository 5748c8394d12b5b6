import { define } from '../definition.js';
import { invalids } from '../meta/checks.js';
import { at, type FieldError, forbidden, invalid, tooLong } from '../meta/field-errors.js';
import { byteLength, isConfigMapKey } from '../meta/names.js';
import { equalData, validateDataFrozen } from '../shared/data.js';
import { age } from '../shared/format.js';
import type { ConfigMap } from '../types/core-v1.gen.js';

const MAX_SIZE = 1024 * 1024;

export default define<ConfigMap>({
  group: '',
  version: 'v1',
  resource: 'configmaps',
  validate,
  validateUpdate: (map, old) => {
    const errors = validateDataFrozen(map, old);
    if (old.immutable && !equalData(map.binaryData, old.binaryData))
      errors.push(forbidden(at('binaryData'), 'field is immutable when `immutable` is set'));
    return [...errors, ...validate(map)];
  },
  row: (map, { now }) => [map.metadata.name, Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length, age(map, now)],
});

function validate({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(data)) {
    errors.push(...invalids(at('data').key(key), key, isConfigMapKey(key)));
    if (Object.hasOwn(binaryData, key)) errors.push(invalid(at('data').key(key), key, 'duplicate of key present in binaryData'));
    size += byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    errors.push(...invalids(at('binaryData').key(key), key, isConfigMapKey(key)));
    size += Buffer.byteLength(value, 'base64');
  }
  // "[]" is how upstream says that the whole object is meant
  if (size > MAX_SIZE) errors.push(tooLong('[]', MAX_SIZE));
  return errors;
}
