// Writes answers. The usual one, a stored object or a list of them as JSON, is written from the stored texts untouched.
import type { Definition } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { apiVersionOf, type KubeObject } from '../api/meta/object.js';
import type { Status } from '../api/types/meta-v1.gen.js';
import { wholeListMetadata, type Item, type ListHead, listMetadata } from './forms/item.js';
import { partialMetadata } from './forms/metadata.js';
import { listTable, objectTable, tableOfPart } from './forms/table.js';
import { internalName } from './known-kinds.js';
import { type Negotiated, negotiateStatus } from './negotiation.js';
import type { ApiRequest } from './request.js';
import { warningHeaders } from './warnings.js';
import { readJson, writeJson } from '../util/exact-json.js';

/** Pieces of a body are gathered to about this size before they are written. */
const BATCH = 256 * 1024;
const NEWLINE = Buffer.from('\n');
const COMMA = Buffer.from(',');
const OPEN = Buffer.from('{');
const OPEN_LIST = Buffer.from('[');
const NEXT = Buffer.from(',{');

const UNTYPED = 'unstructured.Unstructured';

/** What an answer is about. */
export interface Subject {
  readonly definition: Definition;
  /** "" for the object itself. */
  readonly subresource: string;
  /** Milliseconds; ages in tables are counted from here. */
  readonly now: number;
}

/** An item that knows how lists show it. */
export interface ListItem extends Item {
  /** `text` without its opening brace, kind and apiVersion. */
  readonly listTail: Buffer;
}

/** A list as the registry gives it. */
export interface Listed {
  readonly items: readonly ListItem[];
  readonly revision: number;
  /** "" at the end. */
  readonly continue: string;
  readonly remaining: number | undefined;
}

/**
 * Answers with one object in the form that was negotiated.
 * @throws ApiError NotAcceptable when the client asked for the metadata of a list
 */
export async function sendItem(request: ApiRequest, negotiated: Negotiated, subject: Subject, item: Item, code = 200): Promise<void> {
  if (negotiated.form === 'metadata' && negotiated.asList) {
    // what has no type could be a list, until it is looked at
    if (goType(subject) === UNTYPED) throw new errors.ApiError({ code: 500, message: 'content is not a list' });
    throw notInThisForm(`you requested PartialObjectMetadataList, but the requested object is not a list (*${goType(subject)})`);
  }
  await sendJson(request, code, negotiated, itemText(negotiated, subject, item));
}

/**
 * Answers with a list in the form that was negotiated.
 * @throws ApiError NotAcceptable when the client asked for the metadata of one object
 */
export async function sendList(request: ApiRequest, negotiated: Negotiated, subject: Subject, list: Listed): Promise<void> {
  if (negotiated.form === 'metadata' && !negotiated.asList)
    throw notInThisForm(`you requested PartialObjectMetadata, but the requested object is a list (*${goType(subject)}List)`);
  const pieces = listPieces(negotiated, subject, list);
  if (negotiated.encoding !== 'json' || negotiated.pretty) return sendJson(request, 200, negotiated, Buffer.concat([...pieces]));
  writeHead(request, 200, negotiated.contentType);
  await writePieces(request, pieces);
}

/** Answers with a value that has no other form: discovery documents, reviews. Its keys are written in their order. */
async function sendValue(request: ApiRequest, negotiated: Negotiated, value: object, code = 200): Promise<void> {
  await sendJson(request, code, negotiated, Buffer.from(writeJson(value)));
}

/**
 * Answers with a Status: an error, or that something was done.
 * @param negotiated what was negotiated for the request; default: what the client accepts for any Status
 */
export async function sendStatus(request: ApiRequest, status: Status, negotiated = negotiateStatus(request)): Promise<void> {
  const code = status.code ?? 200;
  const ordered = statusInOrder(status);
  if (status.details?.retryAfterSeconds) request.response.setHeader('Retry-After', String(status.details.retryAfterSeconds));
  if (negotiated) return sendValue(request, negotiated, ordered, code);
  sendBody(request, code, 'application/json', Buffer.from(writeJson(ordered, 2)));
}

/** Answers with plain text, as /healthz and unknown paths do. */
export function sendText(request: ApiRequest, code: number, text: string): void {
  request.response.setHeader('X-Content-Type-Options', 'nosniff');
  sendBody(request, code, 'text/plain; charset=utf-8', Buffer.from(text));
}

/** Sets status and headers: type, caching, warnings. */
export function writeHead(request: ApiRequest, code: number, contentType: string, length?: number): void {
  const { response } = request;
  response.statusCode = code;
  response.setHeader('Content-Type', contentType);
  if (response.getHeader('Cache-Control') === undefined) response.setHeader('Cache-Control', 'no-cache, private');
  if (request.warnings.length > 0) response.setHeader('Warning', warningHeaders(request.warnings));
  if (length !== undefined) response.setHeader('Content-Length', String(length));
}

/** Writes a whole answer. */
export function sendBody(request: ApiRequest, code: number, contentType: string, body: Buffer): void {
  writeHead(request, code, contentType, body.length);
  request.response.end(body);
}

/** The JSON of one object in a form. */
function itemText(negotiated: Negotiated, subject: Subject, item: Item): Buffer {
  switch (negotiated.form) {
    case 'object':
      return item.shown;
    case 'metadata':
      return partialMetadata(subject.definition, item, negotiated.formVersion);
    case 'table':
      return objectTable(tableOfPart(subject.definition, subject.subresource), item, tableOptions(negotiated, subject.now));
  }
}

/** Answers with a complete JSON text, in the encoding that was negotiated. */
export async function sendJson(request: ApiRequest, code: number, negotiated: Negotiated, text: Buffer): Promise<void> {
  sendBody(request, code, negotiated.contentType, await encode(negotiated, text));
}

async function encode({ encoding, pretty }: Negotiated, text: Buffer): Promise<Buffer> {
  if (encoding === 'json') return pretty ? Buffer.from(writeJson(readJson(text.toString()), 2)) : Buffer.concat([text, NEWLINE]);
  const value = readJson(text.toString()) as KubeObject;
  if (encoding === 'yaml') {
    const { stringifyYaml } = await import('../util/yaml.js');
    return Buffer.from(stringifyYaml(value));
  }
  const { encodeObject } = await import('../api/protobuf/index.js');
  return encodeObject(value);
}

function listPieces(negotiated: Negotiated, { definition, subresource, now }: Subject, list: Listed): Iterable<Buffer> {
  const head: ListHead = { resourceVersion: String(list.revision), continue: list.continue, remainingItemCount: list.remaining };
  switch (negotiated.form) {
    case 'object':
      return objectList(definition, head, list.items);
    case 'metadata':
      return metadataList(definition, negotiated.formVersion, head, list.items);
    case 'table':
      return listTable(tableOfPart(definition, subresource), head, list.items, tableOptions(negotiated, now));
  }
}

function* objectList(definition: Definition, head: ListHead, items: readonly ListItem[]): Generator<Buffer> {
  if (!definition.serving.typed) return yield* customList(definition, head, items);
  const kind = `"kind":"${definition.listKind}","apiVersion":"${apiVersionOf(definition)}"`;
  yield Buffer.from(`{${kind},"metadata":${listMetadata(head)},"items":[`);
  let open = OPEN;
  for (const item of items) {
    yield open;
    yield item.listTail;
    open = NEXT;
  }
  yield Buffer.from(']}');
}

/** Upstream has custom resources and lists of them in maps: what is written is sorted, and items say what they are. */
function* customList(definition: Definition, head: ListHead, items: readonly ListItem[]): Generator<Buffer> {
  yield Buffer.from(`{"apiVersion":"${apiVersionOf(definition)}","items":[`);
  for (const [i, item] of items.entries()) {
    if (i > 0) yield COMMA;
    yield item.shown;
  }
  yield Buffer.from(`],"kind":"${definition.listKind}","metadata":${wholeListMetadata(head)}}`);
}

function* metadataList(definition: Definition, version: string, head: ListHead, items: readonly Item[]): Generator<Buffer> {
  yield Buffer.from(`{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/${version}","metadata":${listMetadata(head)},"items":`);
  // as upstream, the list of nothing is null
  if (items.length === 0) return void (yield Buffer.from('null}'));
  yield OPEN_LIST;
  for (const [i, item] of items.entries()) {
    if (i > 0) yield COMMA;
    yield partialMetadata(definition, item, version);
  }
  yield Buffer.from(']}');
}

async function writePieces(request: ApiRequest, pieces: Iterable<Buffer>): Promise<void> {
  const { response, signal } = request;
  let batch: Buffer[] = [];
  let size = 0;
  for (const piece of pieces) {
    batch.push(piece);
    size += piece.length;
    if (size < BATCH) continue;
    if (!response.write(Buffer.concat(batch, size))) await drained(request);
    if (signal.aborted) return;
    batch = [];
    size = 0;
  }
  response.end(Buffer.concat([...batch, NEWLINE], size + NEWLINE.length));
}

/** Resolves when more can be written, or nobody listens any more. */
export function drained({ response, signal }: ApiRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted) return resolve();
    response.once('drain', done);
    response.once('close', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

function tableOptions(negotiated: Negotiated, now: number) {
  return { version: negotiated.formVersion, includeObject: negotiated.includeObject, now };
}

function notInThisForm(message: string): errors.ApiError {
  return new errors.ApiError({ code: 406, reason: 'NotAcceptable', message });
}

/** What upstream's messages call what is answered: the name of its internal Go type. */
function goType({ definition, subresource }: Subject): string {
  const body = definition.subresources[subresource]?.body;
  // a scale is read by its published type there
  if (!definition.serving.typed) return body ? `${body.version}.${body.kind}` : UNTYPED;
  return internalName(body ?? { ...definition.storedAs, kind: definition.kind });
}

/** A Status with its fields in the order of the Go struct, which people compare and read. */
export function statusInOrder({ metadata, status, message, reason, details, code }: Status): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: metadata ?? {},
    status,
    message,
    reason,
    details: details && {
      name: details.name,
      group: details.group,
      kind: details.kind,
      uid: details.uid,
      causes: details.causes?.map(({ reason, message, field }) => ({ reason, message, field })),
      retryAfterSeconds: details.retryAfterSeconds,
    },
    code,
  };
}
