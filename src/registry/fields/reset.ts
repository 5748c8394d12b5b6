import type { Definition, Subresource } from '../../api/definition.js';
import { EMPTY, type FieldSet, type FieldSetDraft, union } from './set.js';

/**
 * What a write through a part of an object ("" for the object itself) leaves as it was, so that nobody comes to own it that
 * way: status through the object, everything else through status, and what the kind says; as the strategies' GetResetFields.
 */
export function resetFields(definition: Definition, subresource: string): FieldSet {
  const { subresources } = definition;
  const part: Pick<Subresource, 'keeps' | 'unowned'> | undefined = subresource === '' ? definition : subresources[subresource];
  const rest = subresource === 'status' ? ['spec'] : subresource === '' && subresources.status ? ['status'] : [];
  return [...(part?.keeps ?? []), ...(part?.unowned ?? []), ...rest].reduce((set, path) => union(set, setOf(path)), EMPTY);
}

/** The set of one path of fields: `metadata.labels`. */
export function setOf(path: string): FieldSet {
  return path.split('.').reduceRight<FieldSetDraft>((below, name) => ({ [`f:${name}`]: below }), {});
}

/** Fields that nobody owns. */
export const UNOWNED: FieldSet = {
  'f:apiVersion': EMPTY,
  'f:kind': EMPTY,
  'f:metadata': {
    '.': EMPTY,
    'f:name': EMPTY,
    'f:namespace': EMPTY,
    'f:creationTimestamp': EMPTY,
    'f:selfLink': EMPTY,
    'f:uid': EMPTY,
    'f:clusterName': EMPTY,
    'f:generation': EMPTY,
    'f:managedFields': EMPTY,
    'f:resourceVersion': EMPTY,
  },
};
