// Two answers to the same request: what in them is the server's own affair is replaced, the rest must be equal.
import { decodeObject, encodeObject } from '../../src/api/protobuf/index.js';
import { parseYaml } from '../../src/util/yaml.js';
import { type Difference, differences } from '../conformance/differences.js';
import { generatedNames, isObject, normalize, type Normalizing, scalars } from '../conformance/normalize.js';
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
const STREAMED = /;stream=watch/;

/** What a conversation in a namespace begins with. @param bodies everything it is going to send */
export function context(ns: string, bodies: readonly unknown[]): Context {
  const sent = scalars(bodies);
  const one = (): Normalizing => ({ ns, sent, seen: {}, generated: generatedNames(sent), managedFields: true });
  return { reference: one(), kubemu: one() };
}

/** Where two answers differ; the reference's is what is wanted. */
export function compared(reference: Answer, kubemu: Answer, ctx: Context): Difference[] {
  return differences(comparable(reference, ctx.reference), comparable(kubemu, ctx.kubemu));
}

function comparable({ status, headers, body }: Answer, ctx: Normalizing): unknown {
  const kept = Object.entries(headers).filter(([name]) => !OWN_HEADERS.test(name));
  const value = read(String(headers['content-type'] ?? ''), body);
  return {
    status,
    headers: Object.fromEntries(kept.map(([name, v]) => [name, name === ONLY_PRESENT ? '<present>' : normalize(String(v), ctx)])),
    body: normalize(value, ctx),
    ...(isObject(value) && { order: keyOrder(value) }),
  };
}

/** The body as a value: what its content type says, else the text. */
function read(type: string, body: Buffer): unknown {
  try {
    if (type.startsWith('application/vnd.kubernetes.protobuf'))
      return STREAMED.test(type) ? body.toString('latin1').length > 0 : fromProtobuf(body);
    if (type.startsWith('application/json'))
      return STREAMED.test(type)
        ? body
            .toString()
            .trimEnd()
            .split('\n')
            .map((l) => (l ? JSON.parse(l) : l))
        : JSON.parse(body.toString());
    if (type.startsWith('application/yaml')) return parseYaml(body.toString()).value;
  } catch (e) {
    return `unreadable: ${(e as Error).message}: ${body.toString()}`;
  }
  return body.toString();
}

/** The object, and whether its bytes are those that this object is always written as. */
function fromProtobuf(body: Buffer): unknown {
  const object = decodeObject(body);
  return { ...object, '(canonical bytes)': encodeObject(object).equals(body) };
}

/** Go writes fields in the order of its structs and maps sorted: the keys as they stand, all the way down. */
function keyOrder(value: unknown): string {
  if (Array.isArray(value)) return value.some((v) => typeof v === 'object') ? `[${value.map(keyOrder).join()}]` : '';
  if (!isObject(value)) return '';
  return `{${Object.entries(value)
    .map(([k, v]) => k + keyOrder(v))
    .join()}}`;
}
