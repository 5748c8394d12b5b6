// meta.k8s.io PartialObjectMetadata: an object without spec and status. Cut out of the object's text, never parsed.
import type { Definition } from '../../api/definition.js';
import { internalError } from '../../api/meta/errors.js';
import type { KubeObject } from '../../api/meta/object.js';
import type { Item } from './item.js';
import { readJson, writeJson } from '../../util/exact-json.js';

const START = Buffer.from(',"metadata":{');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** The JSON of an item's metadata, a view into its text. */
function metadataText(text: Buffer): Buffer {
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

/** What of a definition decides which metadata are shown. */
export type MetadataRules = Pick<Definition, 'carriedAnnotations'>;

function shownMetadata({ carriedAnnotations }: MetadataRules, item: Item): Buffer {
  if (!carriedAnnotations) return metadataText(item.text);
  const metadata = readJson(metadataText(item.text).toString()) as KubeObject['metadata'];
  const shown = Object.entries(metadata.annotations ?? {}).filter(([key]) => !carriedAnnotations.includes(key));
  return Buffer.from(writeJson({ ...metadata, annotations: shown.length > 0 ? Object.fromEntries(shown) : undefined }));
}

/** An object as PartialObjectMetadata of meta.k8s.io in `version`. */
export function partialMetadata(rules: MetadataRules, item: Item, version: string): Buffer {
  return Buffer.concat([
    Buffer.from(`{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":`),
    shownMetadata(rules, item),
    Buffer.from('}'),
  ]);
}
