import type { PodTemplateSpec } from '../../api/types/core-v1.gen.js';
import { equal } from '../../util/equal.js';
import { writeJson } from '../../util/exact-json.js';
import { inKeyOrder } from '../../util/json.js';
import { SAFE_LETTERS } from '../../util/names.js';

/** The label that tells the pods of one version of a template from those of another. */
export const TEMPLATE_HASH = 'pod-template-hash';

/**
 * A short text that stands for a template: the same for templates that are equal, whatever the order of their fields.
 * `collisions` makes another text of the same template when the first is taken.
 */
export function templateHash(template: PodTemplateSpec, collisions: number | undefined): string {
  const text = writeJson(inKeyOrder(template));
  const number = fnv1a(collisions === undefined ? text : `${text}#${collisions}`);
  return String(number).replace(/\d/g, (digit) => SAFE_LETTERS.charAt(digit.charCodeAt(0) % SAFE_LETTERS.length));
}

/** Whether two templates are the same but for the hash label. */
export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return equal(a?.spec, b?.spec) && equal(metadataWithoutHash(a), metadataWithoutHash(b));
}

function metadataWithoutHash(template: PodTemplateSpec | undefined): unknown {
  const { labels = {}, ...metadata } = template?.metadata ?? {};
  return { ...metadata, labels: { ...labels, [TEMPLATE_HASH]: undefined } };
}

/** FNV-1a, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
