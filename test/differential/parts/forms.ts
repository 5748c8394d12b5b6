// Every form an answer can be asked in, and every form a body can be sent in.
import { encodeObject, type ApiObject } from '../../../src/api/protobuf/index.js';
import { stringifyYaml } from '../../../src/util/yaml.js';
import type { Fields } from '../seeds.js';
import { type Conversation, JSON_BODY, nameOf, type Part, type Step, type Subject } from './part.js';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const METADATA = 'g=meta.k8s.io;v=v1';
const ACCEPTED: readonly string[] = [
  '',
  '*/*',
  'application/*',
  'application/json',
  'application/yaml',
  PROTOBUF,
  'application/cbor',
  'text/html',
  'text/plain',
  'nonsense',
  'application/json;',
  'application/xml',
  'application/json;q=0',
  'application/yaml;q=0.9,application/json;q=0.8',
  `${PROTOBUF},application/json`,
  'application/cbor,application/json',
  'application/json;pretty=1',
  'application/json; charset=utf-8',
  'text/html,application/xhtml+xml,*/*;q=0.8',
  'application/json;stream=watch',
  'application/json;as=Table;g=meta.k8s.io;v=v1',
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  `application/yaml;as=Table;${METADATA}`,
  `${PROTOBUF};as=Table;${METADATA}`,
  'application/json;as=Table;v=v1beta1;g=meta.k8s.io',
  'application/json;as=Table;v=v2;g=meta.k8s.io',
  'application/json;as=Table;v=v2;g=meta.k8s.io,application/json',
  'application/json;as=Table',
  'application/json;as=Other;g=meta.k8s.io;v=v1',
  ...['PartialObjectMetadata', 'PartialObjectMetadataList'].flatMap((as) =>
    ['application/json', 'application/yaml', PROTOBUF, 'application/cbor'].map((type) => `${type};as=${as};${METADATA}`),
  ),
]; // prettier-ignore
const WATCHED = [
  'application/json',
  'application/yaml',
  PROTOBUF,
  `${PROTOBUF};stream=watch`,
  'application/json;stream=watch',
  `application/json;as=Table;${METADATA}`,
  `${PROTOBUF};as=PartialObjectMetadata;${METADATA}`,
  `application/json;as=PartialObjectMetadata;${METADATA}`,
  'application/cbor',
  'text/html',
]; // prettier-ignore
const SENT = [
  '',
  'text/plain',
  'application/cbor',
  'application/json; charset=utf-8',
  'application/json;',
  'application/xml',
  'application/merge-patch+json',
  'nonsense',
  'application/vnd.kubernetes.protobuf;type=x',
  'APPLICATION/JSON',
  '*/*',
  'multipart/form-data',
]; // prettier-ignore
const QUERIES = [
  '',
  '?pretty=true',
  '?pretty=false',
  '?pretty=1',
  '?pretty=x',
  '?includeObject=None',
  '?includeObject=Object',
  '?includeObject=x',
];
const WATCH_MS = 150;

export const forms: Part = {
  name: 'forms',
  needsSeeds: true,
  *conversations(subject: Subject) {
    const { resource } = subject;
    if (resource.verbs.includes('get')) for (const [i] of subject.seeds.entries()) yield* answers(subject, i);
    yield* bodies(subject);
  },
};

function* answers({ collection, resource, seeds }: Subject, index: number): Iterable<Conversation> {
  const seed = seeds[index] as Fields;
  const object = `${collection}/${nameOf(seed)}`;
  const list = `${collection}?fieldSelector=metadata.name%3D${nameOf(seed)}`;
  const views = resource.subresources.filter((s) => s.verbs.includes('get') && ['status', 'scale'].includes(s.subresource ?? ''));
  const read = (path: string, headers: Record<string, string>): Conversation => ({
    name: `${path.replace(collection, '')} ${JSON.stringify(headers)}`,
    steps: [{ method: 'GET', path, headers }],
  });
  for (const accept of ACCEPTED)
    for (const path of [object, list, ...views.map((v) => `${object}/${v.subresource}`), `${collection}/missing`])
      yield read(path, { accept });
  for (const query of QUERIES) {
    yield read(object + query, {});
    yield read(list + query.replace('?', '&'), { accept: `application/json;as=Table;${METADATA}` });
    yield read(list + query.replace('?', '&'), { accept: 'application/yaml' });
  }
  yield read(object, { 'accept-encoding': 'gzip' });
  yield read(list, { 'accept-encoding': 'gzip, deflate, br' });
  if (!resource.verbs.includes('watch')) return;
  for (const accept of WATCHED) yield watchOf(`${list}&watch=true&resourceVersion=0`, accept);
}

function watchOf(path: string, accept: string): Conversation {
  return { name: `watch as ${accept}`, steps: [{ method: 'GET', path, headers: { accept }, readFor: WATCH_MS }] };
}

/** The seeds, created once more as dry runs. */
function* bodies({ resource, collection, seeds }: Subject): Iterable<Conversation> {
  if (!resource.verbs.includes('create')) return;
  for (const seed of seeds) {
    const object = { ...seed, metadata: { ...(seed.metadata as Fields), name: `${nameOf(seed)}-f` } };
    const step = (type: string, body: string | Buffer): Step => ({
      method: 'POST',
      path: `${collection}?dryRun=All`,
      headers: type === '' ? {} : { 'content-type': type },
      body,
    });
    const text = JSON.stringify(object);
    for (const type of SENT) yield { name: `body sent as ${type}`, steps: [step(type, text)] };
    yield { name: 'yaml', steps: [step('application/yaml', stringifyYaml(object))] };
    yield { name: 'json said to be yaml', steps: [step('application/yaml', text)] };
    yield { name: 'yaml said to be json', steps: [step('application/json', stringifyYaml(object))] };
    yield { name: 'two documents', steps: [step('application/yaml', `${stringifyYaml(object)}---\n${stringifyYaml(object)}`)] };
    yield* protobufBodies(step, object);
    for (const [name, body] of BROKEN) yield { name, steps: [step(JSON_BODY['content-type'], body)] };
    for (const [name, body] of BROKEN_YAML) yield { name, steps: [step('application/yaml', body)] };
  }
}

function* protobufBodies(step: (type: string, body: Buffer) => Step, object: Fields): Iterable<Conversation> {
  const bytes = asProtobuf(object);
  const json = step(PROTOBUF, bytes);
  yield { name: 'protobuf', steps: [json] };
  yield { name: 'protobuf, answered in protobuf', steps: [{ ...json, headers: { ...json.headers, accept: PROTOBUF } }] };
  yield { name: 'protobuf said to be json', steps: [step('application/json', bytes)] };
  yield { name: 'half of a protobuf', steps: [step(PROTOBUF, bytes.subarray(0, bytes.length / 2))] };
  yield { name: 'protobuf without its magic number', steps: [step(PROTOBUF, bytes.subarray(4))] };
  yield { name: 'json said to be protobuf', steps: [step(PROTOBUF, Buffer.from(JSON.stringify(object)))] };
  yield { name: 'empty protobuf', steps: [step(PROTOBUF, Buffer.alloc(0))] };
}

/** Custom resources have no protobuf form: what stands behind the magic number is not looked at. */
function asProtobuf(object: Fields): Buffer {
  try {
    return encodeObject(object as unknown as ApiObject);
  } catch {
    return Buffer.from(`k8s\0${JSON.stringify(object)}`);
  }
}

const BROKEN: readonly (readonly [string, string])[] = [
  ['empty body', ''],
  ['null', 'null'],
  ['a list', '[]'],
  ['a number', '7'],
  ['a text', '"x"'],
  ['nothing in it', '{}'],
  ['no end', '{"metadata":{'],
  ['a comma too many', '{"metadata":{},}'],
  ['single quotes', "{'metadata':{}}"],
  ['two objects', '{"metadata":{}}{"metadata":{}}'],
  ['metadata null', '{"metadata":null}'],
  ['metadata a text', '{"metadata":"x"}'],
  ['no UTF-8', '{"metadata":{"name":"\ud800"}}'],
  ['a comment', '{/* x */"metadata":{}}'],
  ['keys in capitals', '{"Metadata":{"Name":"x"},"Kind":"x"}'],
  ['control characters', '{"metadata":{"name":"a\u0001b"}}'],
  ['a large number', '{"metadata":{"generation":99999999999999999999}}'],
]; // prettier-ignore
const BROKEN_YAML: readonly (readonly [string, string])[] = [
  ['yaml: tab', 'metadata:\n\tname: x\n'],
  ['yaml: text', 'x'],
  ['yaml: list', '- a\n'],
  ['yaml: empty', ''],
  ['yaml: comment', '# x\n'],
  ['yaml: twice', 'metadata: {}\nmetadata: {}\n'],
  ['yaml: no end', 'metadata: {'],
  ['yaml: number as name', 'metadata:\n  name: 7\n'],
  ['yaml: yes as name', 'metadata:\n  name: yes\n'],
  ['yaml: date as name', 'metadata:\n  name: 2020-01-01\n'],
  ['yaml: anchor', 'metadata: &a {name: x}\nother: *a\n'],
  ['yaml: unknown anchor', 'metadata: *a\n'],
]; // prettier-ignore
