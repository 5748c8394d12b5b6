// Types whose JSON form is not the object of their protobuf fields. Field numbers: apimachinery's generated.proto files.
import type protobuf from 'protobufjs';
import { isDeeper, MAX_JSON_DEPTH } from '../../util/json-keys.js';
import { integerOf, readJson, writeJson } from '../../util/exact-json.js';

type Reader = protobuf.Reader;
type Writer = protobuf.Writer;

/** Writes the fields of a value in JSON form, and reads them back. */
export interface Special {
  encode(value: unknown, writer: Writer): void;
  /** @returns undefined for Go's zero value where JSON has null */
  decode(reader: Reader, end: number): unknown;
}

/** Tag of a field: its number and wire type (0: varint, 1: eight bytes, 2: with length). */
export function tag(id: number, wireType: 0 | 1 | 2): number {
  return (id << 3) | wireType;
}

/** protobufjs gives 64-bit integers as objects of its own. */
export function toInteger(value: unknown): number | bigint {
  return integerOf(String(value));
}

/** Calls `read` with the number of each field; what it does not read (returns false) is skipped. */
export function eachField(reader: Reader, end: number, read: (id: number, wireType: number) => boolean): void {
  while (reader.pos < end) {
    const t = reader.uint32();
    if (t >>> 3 === 0) throw new RangeError(`proto: illegal tag 0 (wire type ${t & 7})`);
    if (!read(t >>> 3, t & 7)) reader.skipType(t & 7);
  }
}

function time(digits: 0 | 6): Special {
  return {
    encode(value, writer) {
      const text = String(value);
      const nanos = Number((/\.(\d{1,9})/.exec(text)?.[1] ?? '0').padEnd(9, '0'));
      writer.uint32(tag(1, 0)).int64(Math.floor(Date.parse(text) / 1000));
      writer.uint32(tag(2, 0)).int32(digits === 0 ? 0 : nanos);
    },
    decode(reader, end) {
      let seconds = 0;
      let nanos = 0;
      eachField(reader, end, (id) => {
        if (id === 1) seconds = Number(reader.int64());
        else if (id === 2) nanos = reader.int32();
        return id === 1 || id === 2;
      });
      if (seconds === 0 && nanos === 0) return undefined;
      const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
      return digits === 0 ? `${whole}Z` : `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
    },
  };
}

const quantity: Special = {
  encode: (value, writer) => void writer.uint32(tag(1, 2)).string(String(value)),
  decode(reader, end) {
    let text = '0';
    eachField(reader, end, (id) => {
      if (id === 1) text = reader.string();
      return id === 1;
    });
    return text;
  },
};

const intOrString: Special = {
  encode(value, writer) {
    const number = typeof value === 'number';
    writer.uint32(tag(1, 0)).int64(number ? 0 : 1);
    writer.uint32(tag(2, 0)).int32(number ? value : 0);
    writer.uint32(tag(3, 2)).string(number ? '' : String(value));
  },
  decode(reader, end) {
    let isText = false;
    let number = 0;
    let text = '';
    eachField(reader, end, (id) => {
      if (id === 1) isText = Number(reader.int64()) === 1;
      else if (id === 2) number = reader.int32();
      else if (id === 3) text = reader.string();
      return id >= 1 && id <= 3;
    });
    return isText ? text : number;
  },
};

/** JSON of any form, as its text. */
const json: Special = {
  encode: (value, writer) => void writer.uint32(tag(1, 2)).bytes(Buffer.from(writeJson(value))),
  decode(reader, end) {
    let text: Uint8Array = new Uint8Array();
    eachField(reader, end, (id) => {
      if (id === 1) text = reader.bytes();
      return id === 1;
    });
    if (text.length === 0) return undefined;
    const value: unknown = readJson(Buffer.from(text).toString());
    if (isDeeper(value, MAX_JSON_DEPTH)) throw new RangeError('exceeded max depth');
    return value;
  },
};

/** A list with a name of its own. */
const strings: Special = {
  encode(value, writer) {
    for (const item of value as readonly string[]) writer.uint32(tag(1, 2)).string(item);
  },
  decode(reader, end) {
    const items: string[] = [];
    eachField(reader, end, (id) => {
      if (id === 1) items.push(reader.string());
      return id === 1;
    });
    return items;
  },
};

const META = 'k8s.io.apimachinery.pkg.apis.meta.v1.';
const SPECIAL: Readonly<Record<string, Special>> = {
  [`${META}Time`]: time(0),
  [`${META}MicroTime`]: time(6),
  [`${META}FieldsV1`]: json,
  [`${META}Verbs`]: strings,
  'k8s.io.apimachinery.pkg.api.resource.Quantity': quantity,
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': intOrString,
  'k8s.io.apimachinery.pkg.runtime.RawExtension': json,
  'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.JSON': json,
};

/** The codec of a message whose JSON form is special; undefined for all others. */
export function specialOf(message: string): Special | undefined {
  return message.endsWith('.ExtraValue') ? strings : SPECIAL[message];
}
