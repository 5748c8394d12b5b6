// What the server serves: /api, /apis and the documents below them, legacy and aggregated, derived from the definitions.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
import { createHash } from 'node:crypto';
import type { Definition, Subresource } from '../api/definition.js';
import type { Definitions } from '../api/definitions.js';
import { fact } from '../api/facts.js';
import * as errors from '../api/meta/errors.js';
import { compareKubeVersions } from '../api/meta/kube-version.js';
import { apiVersionOf } from '../api/meta/object.js';
import { htmlSafe } from '../util/json.js';
import { compareText } from '../util/order.js';
import { sendEmpty } from './content.js';
import { negotiate, negotiateAggregated, PLAIN, PLAIN_UNROUTED } from './negotiation.js';
import type { ApiRequest } from './request.js';
import { sendBody, sendJson, sendText } from './respond.js';

/** What discovery tells about. */
export interface DiscoveryOptions {
  readonly definitions: Definitions;
  /** Where clients of any network reach the server: host:port. */
  readonly serverAddress: () => string;
  /** Paths beside the API's own, for the index at /. */
  readonly otherPaths: readonly string[];
}

/** A group with its versions, the preferred one first. */
interface Group {
  readonly name: string;
  readonly versions: readonly { readonly version: string; readonly definitions: readonly Definition[] }[];
}

/** A complete document. */
interface Document {
  readonly text: Buffer;
  readonly etag: string;
}

/** The group of APIServices: upstream's aggregator has it itself, and stands before all others. */
const AGGREGATOR = 'apiregistration.k8s.io';

/** The discovery documents, made on first need and again after the definitions changed. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  #made: { revision: number; groups: readonly Group[]; documents: Map<string, Document> } | undefined;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  /**
   * Answers /, /api…, /apis…, down to a group's version; every other path is unknown.
   * @throws ApiError NotFound, NotAcceptable, MethodNotAllowed
   */
  async handle(request: ApiRequest): Promise<void> {
    const { path } = request.info;
    if (path === '/' || path === '/index.html') return this.#index(request);
    const [root, group, version, ...more] = path.replace(/\/$/, '').slice(1).split('/');
    if (root !== 'api' && root !== 'apis') return sendUnknown(request);
    if (group === undefined) return this.#root(request, root);
    if (root === 'api') return version === undefined ? this.#resources(request, '', group) : refuse();
    if (!this.#groups().some((g) => g.name === group)) return sendUnknown(request);
    if (more.length > 0) return refuse();
    return version === undefined ? this.#group(request, group) : this.#resources(request, group, version);
  }

  #index(request: ApiRequest): void {
    const paths = new Set(this.#options.otherPaths);
    for (const { name, versions } of this.#groups())
      for (const { version } of versions)
        for (const p of name === '' ? ['/api', `/api/${version}`] : ['/apis', '/apis/', `/apis/${name}`, `/apis/${name}/${version}`])
          paths.add(p);
    sendBody(request, 200, 'application/json', Buffer.from(JSON.stringify({ paths: [...paths].sort() }, undefined, 2)));
  }

  async #root(request: ApiRequest, root: 'api' | 'apis'): Promise<void> {
    if (root === 'api') allowGet(request);
    // upstream serves the path with a slash at its end by another handler, which knows one form
    const negotiated = request.info.path === '/apis/' ? undefined : negotiateAggregated(request);
    if (!negotiated) {
      const { text } = root === 'api' ? this.#coreVersions() : this.#document('groups', () => groupList(this.#named()));
      return sendJson(request, 200, negotiate(request, root === 'api' ? PLAIN : PLAIN_UNROUTED), text);
    }
    const document = this.#document(`aggregated ${root}`, () =>
      aggregated(root === 'api' ? this.#groups().filter((g) => g.name === '') : this.#named()),
    );
    const { response } = request;
    response.setHeader('Vary', 'Accept');
    response.setHeader('ETag', document.etag);
    response.setHeader('Cache-Control', 'public');
    if (request.headers['if-none-match'] === document.etag) return sendEmpty(request, 304);
    return sendJson(request, 200, negotiated, document.text);
  }

  async #group(request: ApiRequest, name: string): Promise<void> {
    const isRouted = name === AGGREGATOR;
    if (isRouted) allowGet(request);
    const found = this.#groups().find((g) => g.name === name) as Group;
    const document = this.#document(`group ${name}`, () => ({ kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(found) }));
    await sendJson(request, 200, negotiate(request, isRouted ? PLAIN : PLAIN_UNROUTED), document.text);
  }

  async #resources(request: ApiRequest, group: string, version: string): Promise<void> {
    const versions = this.#groups().find((g) => g.name === group)?.versions;
    const found = versions?.find((v) => v.version === version);
    if (!found && versions?.every((v) => v.definitions.every((d) => !d.serving.routes))) return sendUnknown(request);
    if (!found) throw errors.pathNotFound();
    const isRouted = found.definitions.some((d) => d.serving.routes);
    if (isRouted) allowGet(request);
    await sendJson(
      request,
      200,
      negotiate(request, isRouted ? PLAIN : PLAIN_UNROUTED),
      this.#document(`resources ${group}/${version}`, () => resourceList(group, version, found.definitions)).text,
    );
  }

  #coreVersions(): Document {
    const address = this.#options.serverAddress();
    const versions = this.#groups()
      .filter((g) => g.name === '')
      .flatMap((g) => g.versions.map((v) => v.version));
    return this.#document(`api ${address}`, () => ({
      kind: 'APIVersions',
      versions,
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
    }));
  }

  #current() {
    const { definitions } = this.#options;
    if (this.#made?.revision !== definitions.revision)
      this.#made = { revision: definitions.revision, groups: groupsOf(definitions), documents: new Map() };
    return this.#made;
  }

  #groups(): readonly Group[] {
    return this.#current().groups;
  }

  #named(): readonly Group[] {
    return this.#groups().filter((g) => g.name !== '');
  }

  #document(key: string, make: () => object): Document {
    const { documents } = this.#current();
    let document = documents.get(key);
    if (!document) {
      const made = make();
      document = { text: Buffer.from(JSON.stringify(made)), etag: etagOf(made) };
      documents.set(key, document);
    }
    return document;
  }
}

/** Upstream makes it of the document before that is told its kind. */
function etagOf(document: object): string {
  const unnamed = htmlSafe(JSON.stringify({ ...document, kind: undefined, apiVersion: undefined }));
  return `"${createHash('sha512').update(unnamed).digest('hex').toUpperCase()}"`;
}

/** What a path gets that no part of the server knows. */
export function sendUnknown(request: ApiRequest): void {
  sendText(request, 404, '404 page not found\n');
}

function refuse(): never {
  throw errors.pathNotFound();
}

function allowGet(request: ApiRequest): void {
  if (request.method !== 'GET') throw errors.methodNotAllowed();
}

/** The order in which upstream lists its groups and the versions of each; others follow by name. */
function upstreamOrder(): string[] {
  const { groups } = fact<Record<string, { groups: { name: string; versions: { version: string }[] }[] }>>('discovery')['/apis'] as {
    groups: { name: string; versions: { version: string }[] }[];
  };
  return groups.flatMap((g) => g.versions.map((v) => `${g.name}/${v.version}`));
}

function groupsOf(definitions: Definitions): Group[] {
  const order = new Map(upstreamOrder().map((name, i) => [name, i]));
  const byVersion = new Map<string, Definition[]>();
  for (const d of definitions.all()) {
    const key = `${d.group}/${d.version}`;
    byVersion.set(key, [...(byVersion.get(key) ?? []), d]);
  }
  const groups = new Map<string, { version: string; definitions: Definition[] }[]>();
  const rank = (key: string) => order.get(key) ?? order.size;
  for (const key of [...byVersion.keys()].sort((a, b) => rank(a) - rank(b) || compareVersions(a, b))) {
    const [group = '', version = ''] = key.split('/');
    const served = (byVersion.get(key) as Definition[]).sort((a, b) => (a.resource < b.resource ? -1 : 1));
    groups.set(group, [...(groups.get(group) ?? []), { version, definitions: served }]);
  }
  return [...groups].map(([name, versions]) => ({ name, versions }));
}

/** Groups by name; versions of a group with the preferred one first. */
function compareVersions(a: string, b: string): number {
  const [groupA = '', versionA = ''] = a.split('/');
  const [groupB = '', versionB = ''] = b.split('/');
  if (groupA !== groupB) return groupA < groupB ? -1 : 1;
  return compareKubeVersions(versionA, versionB);
}

function groupEntry({ name, versions }: Group) {
  const entries = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

function groupList(groups: readonly Group[]) {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: inServiceOrder(groups).map(groupEntry) };
}

/** Upstream lists groups made at run time by the names of their APIServices, which begin with a version. */
function inServiceOrder(groups: readonly Group[]): Group[] {
  const isMade = ({ versions }: Group) => versions.every((v) => v.definitions.every((d) => !d.serving.routes));
  const firstService = ({ name, versions }: Group) => versions.map(({ version }) => `${version}.${name}`).sort()[0] ?? '';
  const made = groups.filter(isMade).sort((a, b) => compareText(firstService(a), firstService(b)));
  return [...groups.filter((group) => !isMade(group)), ...made];
}

function resourceList(group: string, version: string, definitions: readonly Definition[]) {
  return {
    kind: 'APIResourceList',
    apiVersion: group === '' ? undefined : 'v1',
    groupVersion: apiVersionOf({ group, version }),
    resources: definitions.flatMap((d) => [resource(d), ...Object.entries(d.subresources).map(([name, s]) => subresource(d, name, s))]),
  };
}

function resource(d: Definition) {
  return {
    name: d.resource,
    singularName: d.singular,
    namespaced: d.namespaced,
    kind: d.kind,
    verbs: d.verbs,
    shortNames: nonEmpty(d.shortNames),
    categories: nonEmpty(d.categories),
    storageVersionHash: d.storageVersionHash,
  };
}

function subresource(d: Definition, name: string, { body, verbs }: Subresource) {
  const own = foreign(d, body);
  return {
    name: `${d.resource}/${name}`,
    singularName: '',
    namespaced: d.namespaced,
    group: own?.group,
    version: own?.version,
    kind: body?.kind ?? d.kind,
    verbs,
  };
}

/** The body's group and version where they are not those of the resource. */
function foreign(d: Definition, body: Subresource['body']): Subresource['body'] {
  return body && (body.group !== d.group || body.version !== d.version) ? body : undefined;
}

function aggregated(groups: readonly Group[]) {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name === '' ? {} : { name },
      versions: versions.map(({ version, definitions }) => ({
        version,
        resources: definitions.map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregatedResource(d: Definition) {
  return {
    resource: d.resource,
    responseKind: { ...kindOf(d), kind: d.kind },
    scope: d.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: d.singular,
    verbs: d.verbs,
    shortNames: nonEmpty(d.shortNames),
    categories: nonEmpty(d.categories),
    subresources: nonEmpty(
      Object.entries(d.subresources).map(([name, { body, verbs }]) => {
        const own = foreign(d, body);
        return {
          subresource: name,
          responseKind: { ...(own ?? kindOf(d)), kind: body?.kind ?? d.kind },
          verbs,
        };
      }),
    ),
  };
}

/** Where the group and version of the kind are those of the resource, they may be left out. */
function kindOf({ group, version, serving }: Definition): { group: string; version: string } {
  return serving.wholeKind ? { group, version } : { group: '', version: '' };
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
