// Methods and paths, right and wrong, of every resource and subresource.
import type { Fields } from '../seeds.js';
import { type Conversation, JSON_BODY, nameOf, type Part, type Subject } from './part.js';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE'];
const WATCH_MS = 100;
/** Deleting these would take away what the other conversations need, or everything of the servers. */
const HARMLESS = '?dryRun=All';

export const paths: Part = {
  name: 'paths',
  needsSeeds: true,
  *conversations(subject: Subject) {
    for (const path of everyPath(subject))
      for (const method of METHODS) {
        if (method === 'DELETE' && path === subject.collection && !subject.resource.namespaced) continue;
        // lists over all namespaces hold what is not ours
        if (method === 'GET' && !path.includes(subject.namespace)) continue;
        yield* withBodies(method, path, subject);
      }
    yield* names(subject);
    yield* deprecatedWatches(subject);
  },
};

function everyPath({ resource, collection, seeds, namespace }: Subject): string[] {
  const object = `${collection}/${nameOf(seeds[0] ?? {})}`;
  const everywhere = collection.replace(`/namespaces/${namespace}`, '');
  const subs = [...resource.subresources.map((s) => s.subresource), 'nonsense'].filter((s) => s !== 'proxy');
  return [
    collection,
    object,
    `${collection}/missing`,
    `${collection}/`,
    `${object}/`,
    collection.replace(new RegExp(`/${resource.name}$`), `//${resource.name}`),
    `${object}/a/b/c`,
    ...subs.flatMap((s) => [`${object}/${s}`, `${collection}/missing/${s}`, `${object}/${s}/more`]),
    ...(resource.namespaced
      ? [everywhere, `${everywhere}/${nameOf(seeds[0] ?? {})}`]
      : [collection.replace(`/${resource.name}`, `/namespaces/default/${resource.name}`)]),
    ...(resource.namespaced
      ? [collection.replace(namespace, 'nowhere'), collection.replace(namespace, 'Bad_Name!'), collection.replace(namespace, '%20')]
      : []),
  ];
}

function* withBodies(method: string, path: string, { seeds, resource }: Subject): Iterable<Conversation> {
  const url = path + HARMLESS;
  const body = JSON.stringify({ ...(seeds[0] ?? { kind: resource.kind, apiVersion: resource.kindVersion }) });
  yield { name: `${method} ${path}`, steps: [{ method, path: url }] };
  if (method === 'POST' || method === 'PUT')
    yield { name: `${method} ${path} with a body`, steps: [{ method, path: url, headers: JSON_BODY, body }] };
  if (method !== 'PATCH') return;
  for (const type of ['merge', 'json', 'strategic-merge', 'apply', 'nonsense']) {
    const headers = { 'content-type': type === 'apply' ? 'application/apply-patch+yaml' : `application/${type}-patch+json` };
    for (const text of [
      '{}',
      '[]',
      '',
      'null',
      'x',
      '{"metadata":{"labels":{"p":"q"}}}',
      '[{"op":"add","path":"/metadata/labels","value":{"p":"q"}}]',
      body,
    ])
      yield { name: `${type} patch of ${path}: ${text.slice(0, 60)}`, steps: [{ method, path: url, headers, body: text }] };
  }
}

/** Names that are none, in the URL and in the object. */
function* names({ resource, collection, seeds }: Subject): Iterable<Conversation> {
  for (const name of ['Bad_Name!', 'x'.repeat(300), 'a.b', '-x', 'x-', '%20', '%2F', '..', '%00', 'ü']) {
    const path = `${collection}/${encodeURI(name).replace(/%25/g, '%')}${HARMLESS}`;
    // lists over the whole cluster hold what is not ours
    if (name !== '%2F' || resource.namespaced)
      for (const method of ['GET', 'DELETE']) yield { name: `${method} ${name}`, steps: [{ method, path }] };
    for (const own of [undefined, name]) {
      const body = JSON.stringify({ ...seeds[0], metadata: { ...(seeds[0]?.metadata as Fields), name: own } });
      yield { name: `PUT ${own} to ${name}`, steps: [{ method: 'PUT', path, headers: JSON_BODY, body }] };
      yield {
        name: `PATCH ${own} to ${name}`,
        steps: [{ method: 'PATCH', path, headers: { 'content-type': 'application/merge-patch+json' }, body }],
      };
    }
    if (!resource.verbs.includes('create') || !seeds[0]) continue;
    for (const key of ['name', 'generateName', 'namespace']) {
      // what is generated from these cannot be told from the rest
      if (key === 'generateName' && (name.length > 58 || name === '%00')) continue;
      const metadata = {
        ...(seeds[0].metadata as Fields),
        ...(key === 'generateName' && { name: undefined }),
        [key]: decodeURIComponent(name),
      };
      yield {
        name: `${key} ${name}`,
        steps: [{ method: 'POST', path: collection + HARMLESS, headers: JSON_BODY, body: JSON.stringify({ ...seeds[0], metadata }) }],
      };
    }
  }
}

function* deprecatedWatches({ resource, collection, seeds, namespace }: Subject): Iterable<Conversation> {
  if (!resource.verbs.includes('watch')) return;
  const watch = (path: string): string => path.replace(/^(\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)\//, '$1/watch/');
  for (const path of [`${collection}/${nameOf(seeds[0] ?? {})}`, ...(resource.namespaced ? [collection] : []), `${collection}/missing`])
    for (const query of ['?resourceVersion=0', '', '?resourceVersion=x', '?labelSelector=a%3Db'])
      for (const method of ['GET', 'POST'])
        yield {
          name: `${method} ${watch(path).replace(namespace, '<ns>')}${query}`,
          steps: [{ method, path: watch(path) + query, readFor: WATCH_MS }],
        };
}
