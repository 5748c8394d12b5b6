// meta.k8s.io Table: an object or a list as rows of cells, for kubectl get.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
import type { Column, Definition, Table } from '../../api/definition.js';
import type { KubeObject } from '../../api/meta/object.js';
import { INITIAL_EVENTS_END_ANNOTATION } from '../../api/meta/well-known.js';
import { age } from '../../api/shared/format.js';
import { schemaDescriptions } from '../openapi-descriptions.js';
import { type Item, type ListHead, listMetadata } from './item.js';
import { partialMetadata } from './metadata.js';
import { writeJson } from '../../util/exact-json.js';

/** How the client wants its table. */
export interface TableOptions {
  readonly version: 'v1' | 'v1beta1';
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  /** Milliseconds; ages are counted from here. */
  readonly now: number;
}

const NULL = Buffer.from('null');
const COMMA = Buffer.from(',');

/** The table of what a subresource ("" for the object itself) answers. */
export function tableOfPart(definition: Definition, subresource: string): Table {
  const own = definition.subresources[subresource]?.table;
  return own === undefined || own === 'none' ? definition : own;
}

/** One object as a Table. */
export function objectTable(kind: Table, item: Item, options: TableOptions): Buffer {
  const metadata = JSON.stringify({ resourceVersion: item.object.metadata.resourceVersion || undefined });
  return Buffer.concat([
    Buffer.from(head(options.version, metadata, columnDefinitions(kind))),
    row(kind, item, options),
    Buffer.from(']}'),
  ]);
}

/** A list as a Table, in pieces. */
export function* listTable(kind: Table, list: ListHead, items: Iterable<Item>, options: TableOptions): Generator<Buffer> {
  let separator = Buffer.from(head(options.version, listMetadata(list), columnDefinitions(kind)));
  for (const item of inOrder(kind, items)) {
    yield separator;
    yield row(kind, item, options);
    separator = COMMA;
  }
  if (separator === COMMA) yield Buffer.from(']}');
  else yield Buffer.from(separator.toString().replace(/\[$/, isDefault(kind) ? 'null}' : '[]}'));
}

function inOrder(kind: Table, items: Iterable<Item>): Iterable<Item> {
  return kind.compareRows ? [...items].sort((a, b) => kind.compareRows?.(a.object, b.object) ?? 0) : items;
}

/** The Table of a watch event; only the first of a watch says its columns. */
export function eventTable(kind: Table, item: Item, options: TableOptions & { first: boolean; bookmark: boolean }): Buffer {
  const metadata = JSON.stringify({ resourceVersion: item.object.metadata.resourceVersion });
  const columns = options.first ? columnDefinitions(kind) : 'null';
  // a bookmark that ends the initial events carries its annotation whatever the client wants included
  const end = options.bookmark && item.object.metadata.annotations?.[INITIAL_EVENTS_END_ANNOTATION] === 'true';
  const includeObject = end && options.includeObject === 'None' ? 'Metadata' : options.includeObject;
  const only = options.bookmark ? bookmarkRow(kind, item, { ...options, includeObject }) : row(kind, item, options);
  return Buffer.concat([Buffer.from(head(options.version, metadata, columns)), only, Buffer.from(']}')]);
}

function head(version: string, metadata: string, columns: string): string {
  return `{"kind":"Table","apiVersion":"meta.k8s.io/${version}","metadata":${metadata},"columnDefinitions":${columns},"rows":[`;
}

function columnDefinitions(kind: Table): string {
  return JSON.stringify(
    kind.columns.map(({ name, type, format, description, describes, priority }) => ({
      name,
      type,
      format,
      description: description ?? fieldText(describes ?? METADATA_COLUMNS[name]),
      priority,
    })),
  );
}

const METADATA = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const METADATA_COLUMNS: Readonly<Record<string, string>> = {
  Name: `${METADATA}#name`,
  Age: `${METADATA}#creationTimestamp`,
  'Created At': `${METADATA}#creationTimestamp`,
};

/** What OpenAPI adds to the text of an enumeration. */
const VALUES = /\n\nPossible enum values:\n[\s\S]*$/;

/** The text of `schema#field`: columns that show a field are described as the field is. */
function fieldText(place: string | undefined): string {
  const [schema = '', field = ''] = place?.split('#') ?? [];
  return (schemaDescriptions(schema)[field] ?? '').replace(VALUES, '');
}

function row(kind: Table, item: Item, options: TableOptions): Buffer {
  const cells = kind.row ? kind.row(item.object, { now: options.now }) : defaultCells(kind.columns, item.object, options.now);
  return rowText(cells, kind.rowConditions?.(item.object), included(kind, item, options));
}

function rowText(cells: readonly unknown[], conditions: readonly unknown[] | undefined, object: Buffer): Buffer {
  const start = `{"cells":${writeJson(cells)}${conditions?.length ? `,"conditions":${JSON.stringify(conditions)}` : ''},"object":`;
  return Buffer.concat([Buffer.from(start), object, Buffer.from('}')]);
}

function included(kind: Table, item: Item, { includeObject, version }: TableOptions): Buffer {
  if (includeObject === 'None') return NULL;
  return includeObject === 'Object' ? item.shown : partialMetadata(kind, item, version);
}

/** Upstream's table for kinds without columns of their own: its list of rows is null, not empty, when there are none. */
function isDefault(kind: Table): boolean {
  return kind.columns.some((column) => column.name === 'Created At');
}

/** For kinds without a row of their own: name and age; other columns stay empty. A date is shown as it is. */
function defaultCells(columns: readonly Column[], object: KubeObject, now: number): unknown[] {
  return columns.map(({ name, type }) => {
    if (name === 'Name') return object.metadata.name ?? '';
    if (name === 'Created At') return object.metadata.creationTimestamp ?? null;
    if (name === 'Age') return age(object, now);
    return type === 'integer' || type === 'number' ? 0 : '';
  });
}

/** A bookmark has a version and nothing else; a row made for whole objects may count on fields it lacks. */
function bookmarkRow(kind: Table, item: Item, options: TableOptions): Buffer {
  let cells: unknown[];
  try {
    cells = kind.row?.(item.object, { now: options.now }) ?? defaultCells(kind.columns, item.object, options.now);
  } catch {
    cells = defaultCells(kind.columns, item.object, options.now);
  }
  return rowText(
    cells.map((cell) => cell ?? ''),
    undefined,
    included(kind, item, options),
  );
}
