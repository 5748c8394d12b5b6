// meta.k8s.io PartialObjectMetadata: an object without spec and status. Cut out of the object's text, never parsed.
import { internalError } from '../../api/meta/errors.js';
import type { Item } from './item.js';

const START = Buffer.from(',"metadata":{');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** The JSON of an item's metadata, a view into its text. */
export function metadataText(text: Buffer): Buffer {
  // kind and apiVersion come first and hold no such text, so the first hit is the object's own metadata
  const from = text.indexOf(START) + START.length - 1;
  if (from < START.length - 1) throw internalError('the text of an object does not begin with its metadata');
  return text.subarray(from, endOfObject(text, from));
}

/** The index behind the `}` that closes the object opened at `from`. */
function endOfObject(text: Buffer, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const byte = text[i];
    if (byte === QUOTE) i = endOfString(text, i);
    else if (byte === OPEN) depth++;
    else if (byte === CLOSE && --depth === 0) return i + 1;
  }
  throw internalError('the text of an object ends within its metadata');
}

/** The index of the quote that ends the string begun at `from`. */
function endOfString(text: Buffer, from: number): number {
  let end = text.indexOf(QUOTE, from + 1);
  for (;;) {
    let slashes = 0;
    while (text[end - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
    end = text.indexOf(QUOTE, end + 1);
  }
}

/** An annotation that stands for a field upstream keeps apart: only whole objects show it. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

function shownMetadata({ object, text }: Item): Buffer {
  if (object.kind !== 'DaemonSet' || object.apiVersion !== 'apps/v1') return metadataText(text);
  const { [TEMPLATE_GENERATION]: _, ...annotations } = object.metadata.annotations ?? {};
  const shown = Object.keys(annotations).length > 0 ? annotations : undefined;
  return Buffer.from(JSON.stringify({ ...object.metadata, annotations: shown }));
}

/** An object as PartialObjectMetadata of meta.k8s.io in `version`. */
export function partialMetadata(item: Item, version: string): Buffer {
  return Buffer.concat([
    Buffer.from(`{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":`),
    shownMetadata(item),
    Buffer.from('}'),
  ]);
}
