// Two answers to the same request: what in them is the server's own affair is replaced, the rest must be equal.
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { decodeObject } from '../../src/api/protobuf/index.js';
import { parseYaml } from '../../src/util/yaml.js';
import { type Difference, differences } from '../conformance/differences.js';
import { generatedNames, isObject, normalize, type Normalizing, scalars, UNORDERED } from '../conformance/normalize.js';
import type { Answer } from './servers.js';

/** What a conversation has sent and seen, for each server. */
export interface Context {
  readonly reference: Normalizing;
  readonly kubemu: Normalizing;
}

/** Headers that say something about the server or the moment, not about the answer. */
const OWN_HEADERS = /^(?:date|content-length|connection|keep-alive|transfer-encoding)$|^x-kubernetes-pf-/; // the last: requests are not queued here yet
/** Of this only the presence counts. */
const ONLY_PRESENT = 'audit-id';
const ISSUER = 'https://kubernetes.default.svc';
const STREAMED = /;stream=watch/;

/** What a conversation in a namespace begins with. @param bodies everything it is going to send */
export function context(ns: string, bodies: readonly unknown[]): Context {
  const sent = scalars(bodies);
  const one = (): Normalizing => ({ ns, sent, seen: {}, generated: generatedNames(sent), managedFields: true });
  return { reference: one(), kubemu: one() };
}

/** Where two answers differ; the reference's is what is wanted. */
export function compared(reference: Answer, kubemu: Answer, ctx: Context): Difference[] {
  // most refusals are the same to the byte
  if (reference.body.equals(kubemu.body) && isDeepStrictEqual(outside(reference, ctx.reference), outside(kubemu, ctx.kubemu))) return [];
  return differences(comparable(reference, ctx.reference), comparable(kubemu, ctx.kubemu)).map(shortened);
}

/** Who issues tokens is a setting of the reference server, and none here. */
function withOneIssuer(body: Buffer): Buffer {
  return body.includes(ISSUER) ? Buffer.from(body.toString('latin1').replaceAll(`${ISSUER}.cluster.local`, ISSUER), 'latin1') : body;
}

/** The order of all fields is long: only where it begins to differ is told. */
function shortened(difference: Difference): Difference {
  const { path, want, got } = difference;
  if (path !== '.order' || typeof want !== 'string' || typeof got !== 'string') return difference;
  let at = 0;
  while (at < want.length && want[at] === got[at]) at++;
  const around = (text: string): string => text.slice(Math.max(0, at - 40), at + 40);
  return { path, want: around(want), got: around(got) };
}

function comparable(answer: Answer, ctx: Normalizing): unknown {
  const value = bodyOf(answer);
  return {
    ...outside(answer, ctx),
    body: normalize(value, ctx),
    ...(isObject(value) && { order: keyOrder(value) }),
  };
}

/** Status and headers. */
function outside({ status, headers }: Answer, ctx: Normalizing): { status: number; headers: Record<string, unknown> } {
  const kept = Object.entries(headers).filter(([name]) => !OWN_HEADERS.test(name));
  return {
    status,
    headers: Object.fromEntries(kept.map(([name, v]) => [name, name === ONLY_PRESENT ? '<present>' : normalize(String(v), ctx)])),
  };
}

/** The body as a value: what its content type says, else the text. */
export function bodyOf({ headers, body: sent }: Answer): unknown {
  const type = String(headers['content-type'] ?? '');
  const body = withOneIssuer(headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent);
  const streamed = STREAMED.test(type);
  try {
    if (type.startsWith('application/vnd.kubernetes.protobuf')) return streamed ? protobufEvents(body) : decodeObject(body);
    if (type.startsWith('application/yaml')) return parseYaml(body.toString()).value;
    if (!type.startsWith('application/json')) return body.toString();
    const text = body.toString();
    return streamed || /^\{"type":"[A-Z]+","object":/.test(text) ? text.trimEnd().split('\n').map(parsedLine) : JSON.parse(text);
  } catch (e) {
    return `unreadable: ${(e as Error).message}: ${body.toString()}`;
  }
}

function parsedLine(line: string): unknown {
  return line === '' ? '' : JSON.parse(line);
}

/** A watch in protobuf: each event has its length before it, in four bytes, and holds its object's envelope. */
function protobufEvents(body: Buffer): unknown[] {
  const events: unknown[] = [];
  for (let at = 0; at + 4 <= body.length; ) {
    const end = at + 4 + body.readUInt32BE(at);
    const event = body.subarray(at + 4, end);
    const magic = event.indexOf('k8s\0');
    events.push({
      before: event.subarray(2, 2 + (event[1] ?? 0)).toString(),
      object: magic < 0 ? '' : decodeObject(event.subarray(magic)),
    });
    at = end;
  }
  return events;
}

/** Go writes fields in the order of its structs and maps sorted: the keys as they stand, all the way down. */
function keyOrder(value: unknown, key = ''): string {
  if (Array.isArray(value)) {
    const items = value.map((item) => keyOrder(item));
    return value.some((v) => typeof v === 'object') ? `[${(UNORDERED.has(key) ? items.sort() : items).join()}]` : '';
  }
  if (!isObject(value)) return '';
  return `{${Object.entries(value)
    .map(([k, v]) => k + keyOrder(v, k))
    .join()}}`;
}
