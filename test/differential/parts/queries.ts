// Query parameters, good and bad, of every verb.
import type { Fields } from '../seeds.js';
import { type Conversation, JSON_BODY, nameOf, type Part, type Subject } from './part.js';

const NUMBERS = ['', '0', '1', '-1', 'x', '1.5', '99999999999999999999', ' 1'];
const BOOLEANS = ['', 'true', 'false', '1', '0', 'x', 'True'];
const LISTS: Readonly<Record<string, readonly string[]>> = {
  limit: NUMBERS,
  continue: ['', 'x', 'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJ4In0'],
  resourceVersion: [...NUMBERS, '999999999'],
  'resourceVersion=0&resourceVersionMatch': ['', 'Exact', 'NotOlderThan', 'x'],
  'resourceVersion=1&resourceVersionMatch': ['', 'Exact', 'NotOlderThan', 'x'],
  resourceVersionMatch: ['Exact', 'NotOlderThan', 'x'],
  'limit=1&resourceVersionMatch': ['Exact', 'NotOlderThan'],
  timeoutSeconds: NUMBERS,
  labelSelector: [
    '',
    'a',
    '!a',
    'a=b',
    'a==b',
    'a!=b',
    'a in (b,c)',
    'a notin (b)',
    'a in b',
    '=',
    ',',
    'a,,b',
    'a in (',
    'Bad Key=x',
    'a>1',
    'a<x',
    'a=b=c',
    'a in ()',
    'x/y/z=1',
    'a=Bad Value',
  ],
  fieldSelector: [
    '',
    'metadata.name=x',
    'metadata.name!=x',
    'metadata.namespace=x',
    'metadata.name',
    '=',
    'x=y',
    'spec.x=y',
    'metadata.name=a,metadata.name=b',
    'metadata.name in (a)',
    'metadata.name==x',
    ',',
    'metadata.name=a\\,b',
    'status.phase=Running',
  ],
  sendInitialEvents: BOOLEANS,
  allowWatchBookmarks: BOOLEANS,
  unknownParameter: ['x'],
}; // prettier-ignore
const WATCHES: Readonly<Record<string, readonly string[]>> = {
  watch: BOOLEANS,
  'watch=true&resourceVersion': NUMBERS.filter((n) => n !== '1'),
  'watch=true&resourceVersionMatch': ['Exact', 'NotOlderThan', 'x'],
  'watch=true&sendInitialEvents=true&resourceVersionMatch': ['', 'NotOlderThan', 'Exact'],
  'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks': BOOLEANS,
  'watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks': ['true'],
  'watch=true&limit': ['1', 'x'],
  'watch=true&continue': ['x'],
  'watch=true&timeoutSeconds': ['x', '-1', '1.5'],
  'watch=true&labelSelector': ['a in b', 'a=b'],
  'watch=true&fieldSelector': ['x=y', 'metadata.name=missing', '='],
};
const WRITES: Readonly<Record<string, readonly string[]>> = {
  dryRun: ['', 'All', 'all', 'None', 'x', 'All&dryRun=All', 'All&dryRun=x'],
  'dryRun=All&fieldManager': ['', 'me', 'x'.repeat(200), 'a\u0001b', 'ü'],
  'dryRun=All&fieldValidation': ['', 'Strict', 'Warn', 'Ignore', 'x', 'strict'],
  'dryRun=All&force': BOOLEANS,
  'dryRun=All&pretty': BOOLEANS,
  'dryRun=All&timeout': ['', '1s', '0', 'x', '-1s', '100h', '30'],
};
const DELETES: Readonly<Record<string, readonly string[]>> = {
  'dryRun=All&gracePeriodSeconds': NUMBERS,
  'dryRun=All&propagationPolicy': ['', 'Orphan', 'Background', 'Foreground', 'x'],
  'dryRun=All&orphanDependents': BOOLEANS,
  'dryRun=All&orphanDependents=true&propagationPolicy': ['Orphan'],
  'dryRun=All&ignoreStoreReadErrorWithClusterBreakingPotential': BOOLEANS,
  'dryRun=All&preconditions': ['x'],
};
const DELETE_BODIES: readonly string[] = [
  '{}',
  'x',
  '[]',
  '{"kind":"DeleteOptions","apiVersion":"v1"}',
  '{"kind":"DeleteOptions","apiVersion":"apps/v1"}',
  '{"kind":"Other","apiVersion":"v1"}',
  '{"kind":7}',
  '{"apiVersion":7}',
  '{"apiVersion":"v2"}',
  '{"gracePeriodSeconds":-1}',
  '{"gracePeriodSeconds":"x"}',
  '{"gracePeriodSeconds":0}',
  '{"propagationPolicy":"x"}',
  '{"propagationPolicy":7}',
  '{"propagationPolicy":"Foreground"}',
  '{"orphanDependents":true}',
  '{"orphanDependents":"x"}',
  '{"orphanDependents":true,"propagationPolicy":"Orphan"}',
  '{"preconditions":{"uid":"x"}}',
  '{"preconditions":{"resourceVersion":"1"}}',
  '{"preconditions":{"resourceVersion":1}}',
  '{"preconditions":7}',
  '{"preconditions":{}}',
  '{"dryRun":["All"]}',
  '{"dryRun":["x"]}',
  '{"dryRun":"All"}',
  '{"unknown":1}',
  '{"gracePeriodSeconds":1,"gracePeriodSeconds":2}',
]; // prettier-ignore
const WATCH_MS = 100;

export const queries: Part = {
  name: 'queries',
  needsSeeds: true,
  *conversations({ resource, collection, seeds }: Subject) {
    const object = `${collection}/${nameOf(seeds[0] ?? {})}`;
    const has = (verb: string): boolean => resource.verbs.includes(verb);
    if (has('list')) yield* each('GET', only(collection, seeds), LISTS);
    if (has('watch')) yield* each('GET', only(collection, seeds), WATCHES, { readFor: WATCH_MS });
    if (has('get')) yield* each('GET', object, { resourceVersion: NUMBERS, unknownParameter: ['x'] });
    const body = JSON.stringify(seeds[0]);
    if (has('create') && seeds[0])
      yield* each('POST', collection, WRITES, { headers: JSON_BODY, body: body.replace('"name":"', '"name":"q-') }, has('delete'));
    if (has('update')) yield* each('PUT', object, WRITES, { headers: JSON_BODY, body });
    if (has('patch')) yield* patches(object, seeds[0] ?? {});
    if (!has('delete')) return;
    yield* each('DELETE', object, DELETES);
    for (const text of DELETE_BODIES)
      yield {
        name: `delete with ${text}`,
        steps: [{ method: 'DELETE', path: `${object}?dryRun=All`, headers: JSON_BODY, body: withDryRun(text) }],
      };
  },
};

/** Objects of the cluster are many and not ours: only one is asked for. */
function only(collection: string, seeds: readonly Fields[]): string {
  return collection.includes('/namespaces/') ? collection : `${collection}?fieldSelector=metadata.name%3D${nameOf(seeds[0] ?? {})}`;
}

function* each(
  method: string,
  path: string,
  parameters: Readonly<Record<string, readonly string[]>>,
  rest: object = {},
  wet = false,
): Iterable<Conversation> {
  for (const [name, values] of Object.entries(parameters)) {
    if (/fieldSelector|limit/.test(name) && path.includes('fieldSelector')) continue;
    for (const value of values) {
      // what is no dry run would change what the other conversations see
      if (name === 'dryRun' && ['', 'None'].includes(value) && !wet) continue;
      const url = `${path}${path.includes('?') ? '&' : '?'}${name}=${value.includes('&') ? value : encodeURIComponent(value)}`;
      yield { name: `${method} ${name}=${value.slice(0, 40)}`, steps: [{ method, path: url, ...rest }] };
    }
  }
}

function* patches(object: string, seed: Fields): Iterable<Conversation> {
  const apply = JSON.stringify({
    apiVersion: seed.apiVersion,
    kind: seed.kind,
    metadata: { name: (seed.metadata as Fields | undefined)?.name, labels: { p: 'q' } },
  });
  for (const [type, body] of [
    ['merge-patch+json', '{"metadata":{"labels":{"p":"q"}}}'],
    ['apply-patch+yaml', apply],
  ] as const)
    yield* each('PATCH', object, WRITES, { headers: { 'content-type': `application/${type}` }, body });
}

/** A body counts before the query, so it has to say itself that nothing is to be deleted. */
function withDryRun(text: string): string {
  return text.startsWith('{') && !text.includes('dryRun')
    ? text.replace('{', text === '{}' ? '{"dryRun":["All"]' : '{"dryRun":["All"],')
    : text;
}
