// Kubernetes protobuf (application/vnd.kubernetes.protobuf): any built-in kind to bytes and back. Loaded on first need.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
import protobuf from 'protobufjs/minimal.js';
import { messageOf } from './messages.js';
import { eachField, tag } from './special.js';
import { decodeMessage, encodeMessage } from './wire.js';

/** Any object that says what it is. */
export interface ApiObject {
  /** The discovery documents of the core group have none. */
  apiVersion?: string;
  kind: string;
}

/** The bytes are no object, or one of a kind that has no protobuf form. The text is that of upstream where clients see it. */
export class ProtobufError extends Error {}

const MAGIC = Buffer.from('k8s\0');
/** Field numbers of runtime.Unknown and its TypeMeta. */
const UNKNOWN = { typeMeta: 1, raw: 2, contentEncoding: 3, contentType: 4 } as const;
const TYPE_META = { apiVersion: 1, kind: 2 } as const;
const WATCH_EVENT = { type: 1, object: 2 } as const;

/**
 * An object in its JSON form to its envelope: the magic number and a runtime.Unknown.
 * @throws ProtobufError for a kind without a protobuf form
 */
export function encodeObject(object: ApiObject): Buffer {
  const writer = protobuf.Writer.create();
  writeObject(object, writer);
  return Buffer.concat([MAGIC, writer.finish()]);
}

function writeObject(object: ApiObject, writer: protobuf.Writer): void {
  const { apiVersion = '', kind } = object;
  const message = messageOf(apiVersion, kind);
  if (!message) throw new ProtobufError(`no kind "${kind}" of version "${apiVersion}" can be written as protobuf`);
  writer.uint32(tag(UNKNOWN.typeMeta, 2)).fork();
  writer.uint32(tag(TYPE_META.apiVersion, 2)).string(apiVersion).uint32(tag(TYPE_META.kind, 2)).string(kind).ldelim();
  writer.uint32(tag(UNKNOWN.raw, 2)).fork();
  encodeMessage(message, object, writer);
  writer.ldelim();
  writer.uint32(tag(UNKNOWN.contentEncoding, 2)).string('').uint32(tag(UNKNOWN.contentType, 2)).string('');
}

/**
 * An envelope to the object in its JSON form.
 * @param expected what an object without a type of its own is taken for
 * @throws ProtobufError for bytes that are no envelope, or of a kind that is not known
 */
export function decodeObject(bytes: Buffer, expected?: ApiObject): ApiObject & Record<string, unknown> {
  if (bytes.length === 0) throw new ProtobufError('empty data');
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new ProtobufError(`provided data does not appear to be a protobuf message, expected prefix [${[...MAGIC].join(' ')}]`);
  if (bytes.length === MAGIC.length) throw new ProtobufError('empty body');
  try {
    const { apiVersion = expected?.apiVersion ?? '', kind = expected?.kind ?? '', raw } = readEnvelope(bytes.subarray(MAGIC.length));
    const message = messageOf(apiVersion, kind);
    if (!message) throw new ProtobufError(`no kind "${kind}" is registered for version "${apiVersion}"`);
    return { apiVersion, kind, ...(decodeMessage(message, protobuf.Reader.create(raw), raw.length) as object) };
  } catch (e) {
    if (e instanceof ProtobufError || e instanceof TypeError || !(e instanceof Error)) throw e;
    throw new ProtobufError(WORDINGS.find(([own]) => e.message.startsWith(own))?.[1] ?? e.message, { cause: e });
  }
}

/** What the reader and JSON.parse say, in the words of Go's library. */
const WORDINGS: readonly (readonly [string, string])[] = [
  ['invalid varint', 'proto: integer overflow'],
  ['invalid length', 'unexpected EOF'],
  ['index out of range', 'unexpected EOF'],
  ['Maximum call stack', 'exceeded max depth'],
];

interface Envelope {
  apiVersion?: string;
  kind?: string;
  raw: Uint8Array;
}

function readEnvelope(bytes: Uint8Array): Envelope {
  const envelope: Envelope = { raw: new Uint8Array() };
  const reader = protobuf.Reader.create(bytes);
  eachField(reader, bytes.length, (id) => {
    if (id === UNKNOWN.typeMeta) readType(reader, reader.uint32() + reader.pos, envelope);
    else if (id === UNKNOWN.raw) envelope.raw = reader.bytes();
    return id === UNKNOWN.typeMeta || id === UNKNOWN.raw;
  });
  return envelope;
}

function readType(reader: protobuf.Reader, end: number, into: Envelope): void {
  eachField(reader, end, (id) => {
    if (id === TYPE_META.apiVersion) into.apiVersion = reader.string() || undefined;
    else if (id === TYPE_META.kind) into.kind = reader.string() || undefined;
    return id === TYPE_META.apiVersion || id === TYPE_META.kind;
  });
}

/**
 * One frame of a watch: its length, and a bare WatchEvent (no magic number) around the object's envelope.
 * @throws ProtobufError as encodeObject
 */
export function encodeWatchEvent(type: string, object: ApiObject): Buffer {
  const writer = protobuf.Writer.create();
  const raw = encodeObject(object);
  writer.uint32(tag(WATCH_EVENT.type, 2)).string(type);
  writer.uint32(tag(WATCH_EVENT.object, 2)).fork().uint32(tag(1, 2)).bytes(raw).ldelim();
  const event = writer.finish();
  const frame = Buffer.allocUnsafe(4 + event.length);
  frame.writeUInt32BE(event.length);
  frame.set(event, 4);
  return frame;
}
