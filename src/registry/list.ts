import * as errors from '../api/meta/errors.js';
import type { FieldSelection, LabelSelection } from '../api/meta/selectors.js';
import { compareKeys, StorageError } from '../storage/storage.js';
import type { ObjectItem } from './item.js';
import type { Store } from './store.js';

/** What a list asks for. */
export interface ListQuery {
  /** "" means all. */
  readonly namespace: string;
  readonly labels: LabelSelection;
  readonly fields: FieldSelection;
  /** As in the URL; "" means the present state. */
  readonly resourceVersion: string;
  readonly match: '' | 'Exact' | 'NotOlderThan';
  /** 0: no limit. */
  readonly limit: number;
  readonly continue: string;
}

/** A list, or a page of one. */
export interface ListResult {
  readonly items: readonly ObjectItem[];
  /** The revision of the state that was read. */
  readonly revision: number;
  /** Continues the list behind its last item; "" at the end. */
  readonly continue: string;
  /** How many follow; only known without selectors. */
  readonly remaining: number | undefined;
}

const EXPIRED = 'The resourceVersion for the provided list is too old.';
const CONTINUE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

/**
 * Lists what a query asks for: a consistent state, present or past.
 * @throws ApiError BadRequest (token, revision), Expired, Timeout (a revision of the future)
 */
export function list(store: Store, query: ListQuery): ListResult {
  const prefix = query.namespace === '' ? store.prefix : `${store.prefix}${query.namespace}/`;
  const start = position(store, query, prefix);
  const state = start.revision === undefined ? store.cache.range(prefix) : past(store, start, prefix);
  const revision = start.revision ?? store.cache.revision();
  // a list at "0" is whatever the cache has, and never in pages
  const limit = query.resourceVersion === '0' && query.match !== 'Exact' && query.continue === '' ? 0 : query.limit;
  return page(store, state, { ...query, limit }, { after: start.after, prefix, revision });
}

/** Which objects a query selects; undefined: all of them. */
export function selects(query: Pick<ListQuery, 'labels' | 'fields'>): ((item: ObjectItem) => boolean) | undefined {
  const { labels, fields } = query;
  if (labels.empty && fields.empty) return undefined;
  return (item) => (labels.empty || labels.matches(item.labels)) && (fields.empty || fields.matches(item.fields));
}

interface Position {
  /** undefined: the present. */
  readonly revision: number | undefined;
  /** Only keys behind this one. */
  readonly after: string | undefined;
}

function position(store: Store, query: ListQuery, prefix: string): Position {
  if (query.continue !== '') {
    if (query.resourceVersion !== '' && query.resourceVersion !== '0')
      throw errors.badRequest('specifying resource version is not allowed when using continue');
    const token = decodeContinue(query.continue);
    return { revision: token.revision > 0 ? token.revision : undefined, after: prefix + token.start };
  }
  if (query.resourceVersion === '' || query.resourceVersion === '0') return { revision: undefined, after: undefined };
  const asked = parseListRevision(query.resourceVersion);
  checkPresent(store, asked);
  const current = store.cache.revision();
  const exact = query.match === 'Exact' || (query.match === '' && query.limit > 0);
  return { revision: exact && asked < current ? asked : undefined, after: undefined };
}

function past(store: Store, start: Position, prefix: string): readonly ObjectItem[] {
  try {
    return store.cache.at(start.revision ?? 0, prefix);
  } catch (e) {
    if (!(e instanceof StorageError) || e.code !== 'COMPACTED') throw e;
    if (start.after === undefined) throw errors.expired(EXPIRED);
    throw errors.expired(CONTINUE_EXPIRED, encodeContinue(-1, start.after.slice(prefix.length)));
  }
}

function page(
  store: Store,
  state: readonly ObjectItem[],
  query: ListQuery,
  { after, prefix, revision }: { after: string | undefined; prefix: string; revision: number },
): ListResult {
  const matches = selects(query);
  const first = after === undefined ? 0 : firstFrom(state, after);
  const items: ObjectItem[] = [];
  let i = first;
  for (; i < state.length && (query.limit === 0 || items.length < query.limit); i++) {
    const item = (state[i] as ObjectItem).in(store.kind);
    if (!matches || matches(item)) items.push(item);
  }
  const last = items.at(-1);
  if (i === state.length || !last) return { items, revision, continue: '', remaining: undefined };
  return {
    items,
    revision,
    continue: encodeContinue(revision, `${last.key.slice(prefix.length)}\0`),
    remaining: matches ? undefined : state.length - i,
  };
}

/** The index of the first item whose key is not before `key`. */
function firstFrom(items: readonly ObjectItem[], key: string): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (compareKeys((items[mid] as ObjectItem).key, key) < 0) low = mid + 1;
    else high = mid;
  }
  return low;
}

/** @throws ApiError Timeout for a revision of the future */
export function checkPresent({ cache, definition }: Store, revision: number): void {
  const current = cache.revision();
  if (revision > current) throw errors.tooLargeResourceVersion(revision, current, definition.uncached ? undefined : 1);
}

const LARGEST_REVISION = 2n ** 64n - 1n;

/** The revision that what is read from storage is asked for: a list, or an object without a cache. @throws ApiError BadRequest */
export function parseListRevision(text: string): number {
  const problem = revisionProblem(text);
  if (problem !== undefined) throw errors.badRequest(`invalid resource version: ${problem}`);
  return Number(text);
}

/**
 * The revision a GET or watch asks for.
 * @throws ApiError that upstream does not classify
 */
export function parseRevision(text: string): number {
  const message = revisionProblem(text);
  if (message !== undefined) throw new errors.ApiError({ code: 500, message });
  return Number(text);
}

function revisionProblem(text: string): string | undefined {
  const why = !/^\d+$/.test(text) ? 'invalid syntax' : BigInt(text) > LARGEST_REVISION ? 'value out of range' : undefined;
  const quoted = JSON.stringify(text);
  return why && `resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${why}`;
}

const TOKEN_VERSION = 'meta.k8s.io/v1';

// the token is that of apiserver's storage.EncodeContinue: base64 of JSON, the key relative to the list's prefix
function encodeContinue(revision: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: TOKEN_VERSION, rv: revision, start })).toString('base64url');
}

/** Where Go's decoder stops reading base64 without padding. */
function firstWrongDigit(text: string): number | undefined {
  const at = text.search(/[^A-Za-z0-9_-]/);
  if (at >= 0) return at;
  return text.length % 4 === 1 ? text.length - 1 : undefined;
}

function decodeContinue(token: string): { revision: number; start: string } {
  const refuse = (why: string) => errors.badRequest(`invalid continue token: continue key is not valid: ${why}`);
  const wrong = firstWrongDigit(token);
  if (wrong !== undefined) throw refuse(`illegal base64 data at input byte ${wrong}`);
  const bytes = Buffer.from(token, 'base64url');
  let value: { v?: string; rv?: number; start?: string };
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    const c = bytes.length ? String.fromCharCode(bytes[0] as number) : '';
    throw refuse(
      c === ''
        ? 'unexpected end of JSON input'
        : `invalid character '${
            c === "'"
              ? "\\'"
              : JSON.stringify(c)
                  .slice(1, -1)
                  .replace(/[\u007f-\u009f]/g, (x) => `\\u${x.charCodeAt(0).toString(16).padStart(4, '0')}`)
          }' looking for beginning of value`,
    );
  }
  if (value.v !== TOKEN_VERSION) throw refuse(`server does not recognize this encoded version ${value.v ?? ''}`);
  if (!Number.isInteger(value.rv) || value.rv === 0) throw refuse('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (!value.start) throw refuse('encoded start key empty (version meta.k8s.io/v1)');
  // a token must not lead out of the range that is listed
  if (value.start.split('/').includes('..')) throw refuse(value.start);
  return { revision: value.rv as number, start: value.start };
}
