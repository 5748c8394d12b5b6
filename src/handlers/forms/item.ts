import type { KubeObject } from '../../api/meta/object.js';
import { writeJson } from '../../util/exact-json.js';

/**
 * One object to answer with. `text` is its complete JSON, beginning with kind, apiVersion and metadata in this order; `shown` is
 * what is written; `object` is the same parsed, asked for only by forms that need it. Must not be modified.
 */
export interface Item {
  readonly text: Buffer;
  readonly shown: Buffer;
  readonly object: KubeObject;
}

/** What a list carries beside its items. */
export interface ListHead {
  readonly resourceVersion: string;
  readonly continue?: string | undefined;
  readonly remainingItemCount?: number | undefined;
}

/** A value that is not stored (the answer of a subresource or a review) as an item. */
export function itemOf(object: KubeObject): Item {
  const { kind, apiVersion, metadata, ...rest } = object;
  const text = Buffer.from(writeJson({ kind, apiVersion, metadata, ...rest }));
  return { text, shown: text, object };
}

/** The metadata of a list of objects without types: upstream leaves nothing out there. */
export function wholeListMetadata(head: ListHead): string {
  return JSON.stringify({
    continue: head.continue ?? '',
    remainingItemCount: head.remainingItemCount,
    resourceVersion: head.resourceVersion,
  });
}

/** The metadata of a list as JSON. */
export function listMetadata(head: ListHead): string {
  return JSON.stringify({
    resourceVersion: head.resourceVersion || undefined,
    continue: head.continue || undefined,
    remainingItemCount: head.remainingItemCount,
  });
}
