// Sends documents that clients keep and ask for again, in whole or in part, by tag or by date, with the rules of Go's
// http.ServeContent (RFC 9110, sections 13 and 14).
import { createHash } from 'node:crypto';
import type { ApiRequest } from './request.js';
import { sendBody, sendText, writeHead } from './respond.js';

/** A document in the form that was asked for. */
export interface Content {
  readonly body: Buffer;
  readonly contentType: string;
  /** Without its quotes. Absent: it is known by its date only. */
  readonly etag?: string;
  /** When it was made, in milliseconds. */
  readonly made: number;
}

/** Answers with a document, a part of it, or what is to be said of the client's copy. */
export function sendContent(request: ApiRequest, content: Content): void {
  const { response } = request;
  const tag = content.etag === undefined ? undefined : `"${content.etag}"`;
  if (tag !== undefined) response.setHeader('ETag', tag);
  response.setHeader('Last-Modified', new Date(content.made).toUTCString());
  const code = conditionOf(request, tag, content.made);
  if (code === 304) return sendNotModified(request);
  // of a document without a tag upstream does not know the type before it reads it
  if (code === 412) return sendEmpty(request, 412, tag && content.contentType);
  const { body, contentType } = content;
  const ranges = isCurrentRange(request, tag, content.made) ? rangesOf(request.headers.range ?? '', body.length) : [];
  if (!Array.isArray(ranges)) return sendRangeError(request, ranges, body.length);
  response.setHeader('Accept-Ranges', 'bytes');
  const [first] = ranges;
  // more than there is: somebody plays
  if (!first || sumOf(ranges) > body.length) return send(request, 200, contentType, body);
  if (ranges.length > 1) return sendParts(request, content, ranges);
  response.setHeader('Content-Range', contentRange(first, body.length));
  send(request, 206, contentType, body.subarray(first.start, first.end));
}

/** Answers without a body. */
export function sendEmpty(request: ApiRequest, code: number, contentType?: string): void {
  const { response } = request;
  response.statusCode = code;
  if (contentType !== undefined) response.setHeader('Content-Type', contentType);
  if (response.getHeader('Cache-Control') === undefined) response.setHeader('Cache-Control', 'no-cache, private');
  response.end();
}

function send(request: ApiRequest, code: number, contentType: string, body: Buffer): void {
  if (request.method !== 'HEAD') return sendBody(request, code, contentType, body);
  writeHead(request, code, contentType, body.length);
  request.response.end();
}

function sendNotModified(request: ApiRequest): void {
  if (request.response.getHeader('ETag') !== undefined) request.response.removeHeader('Last-Modified');
  sendEmpty(request, 304);
}

function sendParts(request: ApiRequest, { body, contentType }: Content, ranges: readonly Range[]): void {
  const boundary = createHash('sha256').update(body).digest('hex').slice(0, 60);
  const parts = ranges.flatMap((range) => [
    Buffer.from(`--${boundary}\r\nContent-Range: ${contentRange(range, body.length)}\r\nContent-Type: ${contentType}\r\n\r\n`),
    body.subarray(range.start, range.end),
    Buffer.from('\r\n'),
  ]);
  send(request, 206, `multipart/byteranges; boundary=${boundary}`, Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]));
}

/** An error says nothing of the document. */
function sendRangeError(request: ApiRequest, { message, overlaps }: RangeError, length: number): void {
  const { response } = request;
  for (const header of ['ETag', 'Last-Modified', 'Cache-Control']) response.removeHeader(header);
  if (!overlaps) response.setHeader('Content-Range', `bytes */${length}`);
  sendText(request, 416, `${message}\n`);
}

/** What the conditions of a request come to: 200, 304 or 412. */
function conditionOf({ method, headers }: ApiRequest, tag: string | undefined, made: number): number {
  const reads = method === 'GET' || method === 'HEAD';
  if (headers['if-match']) {
    if (!names(headers['if-match'], (other) => other === tag)) return 412;
  } else if (isOlder(headers['if-unmodified-since'], made)) return 412;
  if (headers['if-none-match']) {
    if (names(headers['if-none-match'], (other) => other.replace(/^W\//, '') === tag)) return reads ? 304 : 412;
  } else if (reads && headers['if-modified-since'] && isOlder(headers['if-modified-since'], made) === false) return 304;
  return 200;
}

/** Whether a date is before that of the document, to the second; undefined: it is none. */
function isOlder(header: string | undefined, made: number): boolean | undefined {
  const date = Date.parse(header ?? '');
  return Number.isNaN(date) ? undefined : Math.trunc(made / 1000) > Math.trunc(date / 1000);
}

/** Whether a list of tags has one that fits; it is read up to what is no tag. */
function names(header: string, fits: (tag: string) => boolean): boolean {
  for (let rest = header.trim(); rest !== ''; ) {
    if (rest.startsWith(',')) {
      rest = rest.slice(1).trimStart();
      continue;
    }
    if (rest.startsWith('*')) return true;
    const [tag] = /^(?:W\/)?"[\x21\x23-\x7e\x80-\uffff]*"/.exec(rest) ?? [];
    if (tag === undefined) return false;
    if (fits(tag)) return true;
    rest = rest.slice(tag.length).trimStart();
  }
  return false;
}

function isCurrentRange({ method, headers }: ApiRequest, tag: string | undefined, made: number): boolean {
  const condition = headers['if-range'];
  if (!condition || (method !== 'GET' && method !== 'HEAD')) return true;
  if (typeof condition === 'string' && /^(W\/)?"/.test(condition)) return condition === tag;
  return Math.trunc(Date.parse(String(condition)) / 1000) === Math.trunc(made / 1000);
}

interface Range {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** Why a Range header names no part of a document. */
interface RangeError {
  readonly message: string;
  /** False: what it names is behind the end. */
  readonly overlaps: boolean;
}

const MALFORMED: RangeError = { message: 'invalid range', overlaps: true };

/** The parts of a document that a Range header names; none: all of it. */
function rangesOf(header: string, length: number): Range[] | RangeError {
  if (header === '') return [];
  if (!header.startsWith('bytes=')) return MALFORMED;
  const ranges: Range[] = [];
  let missed = false;
  for (const part of header.slice('bytes='.length).split(',')) {
    if (part.trim() === '') continue;
    const [, first, last] = /^\s*(\d*)\s*-\s*(\d*)\s*$/.exec(part) ?? [];
    if (first === undefined || last === undefined || (first === '' && last === '')) return MALFORMED;
    if (first !== '' && Number(first) >= length) {
      missed = true;
      continue;
    }
    if (first !== '' && last !== '' && Number(last) < Number(first)) return MALFORMED;
    const start = first === '' ? Math.max(0, length - Number(last)) : Number(first);
    ranges.push({ start, end: first === '' || last === '' ? length : Math.min(Number(last) + 1, length) });
  }
  return ranges.length === 0 && missed ? { message: 'invalid range: failed to overlap', overlaps: false } : ranges;
}

function sumOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

function contentRange({ start, end }: Range, length: number): string {
  return `bytes ${start}-${end - 1}/${length}`;
}
