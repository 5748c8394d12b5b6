// Values in their JSON form to the wire and back, along the plan of their message.
import type protobuf from 'protobufjs';
import type { FieldPlan, Message, Scalar } from './messages.js';
import { eachField, tag, toInteger } from './special.js';

type Reader = protobuf.Reader;
type Writer = protobuf.Writer;
type Values = Record<string, unknown>;

/** Writes the fields of a value. What JSON has not is not written: Go reads that as its zero value. */
export function encodeMessage(message: Message, value: unknown, writer: Writer): void {
  if (message.special) return message.special.encode(value, writer);
  const values = (message.alternatives?.toFields(value) ?? value) as Values;
  for (const field of message.fields) {
    const v = field.inlined ? values : values[field.name];
    if (v === undefined || v === null) continue;
    if (field.map) encodeMap(field, v as Values, writer);
    else if (field.repeated) for (const item of v as readonly unknown[]) encodeValue(field, field.id, item, writer);
    else encodeValue(field, field.id, v, writer);
  }
}

function encodeMap(field: FieldPlan, entries: Values, writer: Writer): void {
  for (const key of Object.keys(entries).sort()) {
    writer.uint32(tag(field.id, 2)).fork();
    writer.uint32(tag(1, 2)).string(key);
    encodeValue(field, 2, entries[key], writer);
    writer.ldelim();
  }
}

function encodeValue(field: FieldPlan, id: number, value: unknown, writer: Writer): void {
  if (field.scalar) return encodeScalar(field.scalar, id, value, writer);
  writer.uint32(tag(id, 2)).fork();
  encodeMessage(field.message(), value, writer);
  writer.ldelim();
}

function encodeScalar(scalar: Scalar, id: number, value: unknown, writer: Writer): void {
  switch (scalar) {
    case 'string':
      writer.uint32(tag(id, 2)).string(String(value));
      break;
    case 'bytes':
      writer.uint32(tag(id, 2)).bytes(Buffer.from(String(value), 'base64'));
      break;
    case 'bool':
      writer.uint32(tag(id, 0)).bool(value === true);
      break;
    case 'int32':
      writer.uint32(tag(id, 0)).int32(Number(value));
      break;
    case 'int64':
      // a text of digits is read into all of its 64 bits
      writer.uint32(tag(id, 0)).int64(typeof value === 'bigint' ? String(value) : Number(value));
      break;
    case 'double':
      writer.uint32(tag(id, 1)).double(Number(value));
      break;
  }
}

/** Reads the fields of a value up to `end`, into the form that Go would write as JSON. */
export function decodeMessage(message: Message, reader: Reader, end: number): unknown {
  if (message.special) return message.special.decode(reader, end);
  const values: Values = {};
  eachField(reader, end, (id, wireType) => {
    const field = message.byId.get(id);
    if (!field) return false;
    decodeField(field, wireType, reader, values);
    return true;
  });
  return message.alternatives ? message.alternatives.fromFields(values) : values;
}

function decodeField(field: FieldPlan, wireType: number, reader: Reader, into: Values): void {
  if (field.map) {
    const map = (into[field.name] ??= {}) as Values;
    const [key, value] = decodeEntry(field, reader, reader.uint32() + reader.pos);
    map[key] = value;
  } else if (field.repeated) {
    const list = (into[field.name] ??= []) as unknown[];
    const packed = wireType === 2 && (field.scalar === 'int32' || field.scalar === 'int64' || field.scalar === 'bool');
    const end = packed ? reader.uint32() + reader.pos : reader.pos + 1;
    while (reader.pos < end) list.push(decodeValue(field, reader));
  } else if (field.inlined) {
    Object.assign(into, decodeValue(field, reader));
  } else {
    const value = decodeValue(field, reader);
    if (value === undefined || isLeftOut(field, value)) delete into[field.name];
    else into[field.name] = value;
  }
}

/** Go writes zero values to the wire that it leaves out of JSON. */
function isLeftOut(field: FieldPlan, value: unknown): boolean {
  if (field.keepsZero) return false;
  if (field.scalar) return value === '' || value === 0 || value === false;
  return field.omitsEmpty && typeof value === 'object' && Object.keys(value as object).length === 0;
}

function decodeEntry(field: FieldPlan, reader: Reader, end: number): [string, unknown] {
  let key = '';
  let value: unknown = field.scalar === undefined ? {} : '';
  eachField(reader, end, (id) => {
    if (id === 1) key = reader.string();
    else if (id === 2) value = decodeValue(field, reader);
    return id === 1 || id === 2;
  });
  return [key, value];
}

function decodeValue(field: FieldPlan, reader: Reader): unknown {
  switch (field.scalar) {
    case undefined:
      return decodeMessage(field.message(), reader, reader.uint32() + reader.pos);
    case 'string':
      return reader.string();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'bool':
      return reader.bool();
    case 'int32':
      return reader.int32();
    case 'int64':
      return toInteger(reader.int64());
    case 'double':
      return reader.double();
  }
}
