// Objects as they live: created, read, changed in every way, watched and deleted, without dry runs.
import type { Fields } from '../seeds.js';
import { type Conversation, JSON_BODY, nameOf, type Part, type Step, type Subject } from './part.js';

const MERGE = { 'content-type': 'application/merge-patch+json' };
const WATCH_MS = 200;

export const lifecycle: Part = {
  name: 'lifecycle',
  needsSeeds: false,
  *conversations({ resource, collection, seeds }: Subject) {
    if (!['create', 'get', 'update', 'patch', 'delete'].every((v) => resource.verbs.includes(v))) return;
    // one after another: names that say something (addresses, drivers) may be the same in several seeds
    yield { name: 'life', steps: seeds.flatMap((seed, i) => life(collection, seed, i * STEPS, resource.verbs)) };
    yield* fieldManagers(collection, seeds[0] ?? {});
  },
};

/** How many steps a life has: what refers to an earlier answer counts them. */
const STEPS = 21;

function life(collection: string, seed: Fields, first: number, verbs: readonly string[]): Step[] {
  const path = `${collection}/${nameOf(seed)}`;
  const body = JSON.stringify(seed);
  const metadata = seed.metadata as Fields;
  const at = (step: number, field: string): string => `\${${first + step}.metadata.${field}}`;
  const put = (extra: Fields): string => JSON.stringify({ ...seed, metadata: { ...metadata, ...extra } });
  const selector = `fieldSelector=metadata.name%3D${nameOf(seed)}`;
  const steps: Step[] = [
    { method: 'POST', path: collection, headers: JSON_BODY, body },
    { method: 'POST', path: collection, headers: JSON_BODY, body },
    { method: 'GET', path },
    { method: 'PUT', path, headers: JSON_BODY, body: put({ labels: { step: 'put' }, resourceVersion: at(0, 'resourceVersion') }) },
    { method: 'PUT', path, headers: JSON_BODY, body: put({ labels: { step: 'stale' }, resourceVersion: '1' }) },
    { method: 'PUT', path, headers: JSON_BODY, body: put({ labels: { step: 'put' } }) },
    { method: 'PATCH', path, headers: MERGE, body: '{"metadata":{"labels":{"step":"merge"},"annotations":{"a":"b"}}}' },
    { method: 'PATCH', path, headers: MERGE, body: '{"metadata":{"labels":{"step":"merge"}}}' },
    {
      method: 'PATCH',
      path,
      headers: { 'content-type': 'application/strategic-merge-patch+json' },
      body: '{"metadata":{"labels":{"step":"smp"}}}',
    },
    {
      method: 'PATCH',
      path,
      headers: { 'content-type': 'application/json-patch+json' },
      body: '[{"op":"remove","path":"/metadata/labels/step"}]',
    },
    {
      method: 'PATCH',
      path: `${path}?fieldManager=one`,
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: applied(seed, 'one'),
    },
    {
      method: 'PATCH',
      path: `${path}?fieldManager=two`,
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: applied(seed, 'two'),
    },
    {
      method: 'PATCH',
      path: `${path}?fieldManager=two&force=true`,
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: applied(seed, 'two'),
    },
    verbs.includes('watch')
      ? { method: 'GET', path: `${collection}?watch=true&${selector}&resourceVersion=${at(0, 'resourceVersion')}`, readFor: WATCH_MS }
      : { method: 'GET', path },
    { method: 'GET', path: `${collection}?${selector}` },
    { method: 'GET', path, headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' } },
    { method: 'DELETE', path: `${path}?dryRun=All` },
    { method: 'DELETE', path: `${path}?gracePeriodSeconds=0`, headers: JSON_BODY, body: '{"preconditions":{"uid":"other"}}' },
    { method: 'PATCH', path, headers: MERGE, body: '{"metadata":{"finalizers":null}}' },
    { method: 'DELETE', path: `${path}?gracePeriodSeconds=0` },
    { method: 'GET', path },
  ];
  if (steps.length !== STEPS) throw new Error(`a life has ${steps.length} steps`);
  return steps;
}

function applied(seed: Fields, value: string): string {
  return JSON.stringify({ ...seed, metadata: { name: (seed.metadata as Fields).name, labels: { owner: value } } });
}

/** Who owns what after each kind of write, by several managers. */
function* fieldManagers(collection: string, seed: Fields): Iterable<Conversation> {
  const object = { ...seed, metadata: { ...(seed.metadata as Fields), name: `${nameOf(seed)}-m` } };
  if (!/^[a-z0-9.-]+$/.test(object.metadata.name) || /\d+\.\d+\.\d+/.test(object.metadata.name)) return;
  const path = `${collection}/${nameOf(object)}`;
  const managed = (method: string, manager: string, type: string, body: unknown): Step => ({
    method,
    path: `${method === 'POST' ? collection : path}?fieldManager=${manager}`,
    headers: { 'content-type': type },
    body: JSON.stringify(body),
  });
  yield {
    name: 'managers',
    steps: [
      managed('POST', 'creator', 'application/json', object),
      managed('PUT', 'updater', 'application/json', { ...object, metadata: { ...object.metadata, annotations: { u: '1' } } }),
      managed('PATCH', 'patcher', 'application/merge-patch+json', { metadata: { annotations: { u: '2', p: '1' } } }),
      managed('PATCH', 'applier', 'application/apply-patch+yaml', {
        ...object,
        metadata: { name: object.metadata.name, annotations: { p: '1', a: '1' } },
      }),
      managed('PATCH', 'applier', 'application/apply-patch+yaml', {
        apiVersion: seed.apiVersion,
        kind: seed.kind,
        metadata: { name: object.metadata.name },
      }),
      managed('PATCH', 'patcher', 'application/merge-patch+json', { metadata: { annotations: null } }),
      { method: 'DELETE', path: `${path}?gracePeriodSeconds=0` },
    ],
  };
}
