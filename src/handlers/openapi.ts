// Serves /openapi/v2 and /openapi/v3. Documents are made on the first request and again after the definitions changed.
import { createHash } from 'node:crypto';
import type { Definition } from '../api/definition.js';
import type { Definitions } from '../api/definitions.js';
import type { Clock } from '../util/clock.js';
import { writeJson } from '../util/exact-json.js';
import { htmlSafe } from '../util/json.js';
import { sameItems } from '../util/equal.js';
import { sendContent, sendEmpty } from './content.js';
import { sendUnknown } from './discovery.js';
import { acceptedOf } from './negotiation.js';
import { customSchemas } from './openapi-custom.js';
import { documentPath, groupTag, groupTitle, META, type Path, pathsOf, rootOf } from './openapi-operations.js';
import { builtInSchemas, type SchemaSource } from './openapi-schemas.js';
import { type DocumentV2, documentV2 } from './openapi-v2.js';
import { type DocumentV3, documentV3 } from './openapi-v3.js';
import type { ApiRequest } from './request.js';

const YEAR = 365 * 24 * 60 * 60 * 1000;

/** Protobuf forms of a version by what clients may call them; the first stands in answers: the '@' is no character of a media type. */
const PROTOBUF = {
  v2: ['com.github.proto-openapi.spec.v2.v1.0+protobuf', 'com.github.proto-openapi.spec.v2@v1.0+protobuf'],
  v3: ['com.github.proto-openapi.spec.v3.v1.0+protobuf', 'com.github.proto-openapi.spec.v3@v1.0+protobuf'],
} as const;

/** What the documents describe. */
export interface OpenApiOptions {
  readonly definitions: Definitions;
  readonly clock: Clock;
  /** Which of the paths beside the API's own are served: /version, /.well-known/openid-configuration, /openid/v1/jwks. */
  readonly otherPaths: readonly string[];
}

/** A document in one form. */
interface Form {
  readonly body: Buffer;
  /** Of the document, whatever its form. */
  readonly etag: string;
  readonly made: number;
}

/** A document, or the means to make it. */
class Lazy {
  readonly #make: () => string;
  readonly #encode: (text: string) => Promise<Buffer>;
  readonly #clock: Clock;
  #made: Form | undefined;
  #protobuf: Promise<Form> | undefined;

  constructor(clock: Clock, make: () => string, encode: (text: string) => Promise<Buffer>) {
    this.#clock = clock;
    this.#make = make;
    this.#encode = encode;
  }

  json(): Form {
    if (!this.#made) {
      const body = Buffer.from(this.#make());
      this.#made = { body, etag: createHash('sha512').update(body).digest('hex').toUpperCase(), made: this.#clock.now() };
    }
    return this.#made;
  }

  protobuf(): Promise<Form> {
    const json = this.json();
    this.#protobuf ??= this.#encode(json.body.toString()).then((body) => ({ ...json, body }));
    return this.#protobuf;
  }
}

interface Documents {
  readonly revision: number;
  /** By the path behind /openapi/v3/; with the definitions each was made of. */
  readonly v3: ReadonlyMap<string, { readonly of: readonly Definition[]; readonly document: Lazy }>;
  readonly v2: Lazy;
}

/** The server's OpenAPI documents. */
export class OpenApi {
  readonly #options: OpenApiOptions;
  #documents: Documents | undefined;

  constructor(options: OpenApiOptions) {
    this.#options = options;
  }

  /** Answers requests for /openapi/v2, /openapi/v3 and the documents below it. */
  async handle(request: ApiRequest): Promise<void> {
    const { path } = request.info;
    if (path === '/openapi/v2') return this.#v2(request);
    if (path === '/openapi/v3')
      return sendContent(request, { body: this.#index(), contentType: 'text/plain; charset=utf-8', made: this.#options.clock.now() });
    if (!path.startsWith('/openapi/v3/')) return sendUnknown(request);
    return this.#v3(request, path.slice('/openapi/v3/'.length));
  }

  #index(): Buffer {
    const paths = [...this.#current().v3].map(([name, { document }]) => [name, { serverRelativeURL: urlOf(name, document) }]);
    return Buffer.from(JSON.stringify({ paths: Object.fromEntries(paths) }));
  }

  async #v3(request: ApiRequest, name: string): Promise<void> {
    const { response } = request;
    const document = this.#current().v3.get(name)?.document;
    if (!document) return sendEmpty(request, 404);
    response.setHeader('Vary', 'Accept');
    const accepted = acceptedOf(request, ['json', ...PROTOBUF.v3]);
    if (!accepted) return sendEmpty(request, 406);
    const { etag } = document.json();
    const asked = request.info.query.get('hash');
    if (asked && asked !== etag) {
      response.setHeader('ETag', `"${etag}"`);
      response.setHeader('Location', urlOf(name, document));
      return sendEmpty(request, 301, accepted === 'json' ? 'application/json' : `application/${PROTOBUF.v3[0]}`);
    }
    if (asked) {
      response.setHeader('Cache-Control', 'public, immutable');
      response.setHeader('Expires', new Date(this.#options.clock.now() + YEAR).toUTCString());
    }
    return sendDocument(request, document, accepted, PROTOBUF.v3[0]);
  }

  async #v2(request: ApiRequest): Promise<void> {
    request.response.setHeader('Vary', 'Accept-Encoding, Accept');
    const accepted = acceptedOf(request, ['json', ...PROTOBUF.v2]);
    if (!accepted) return sendEmpty(request, 406);
    return sendDocument(request, this.#current().v2, accepted, PROTOBUF.v2[0]);
  }

  #current(): Documents {
    const { definitions, clock, otherPaths } = this.#options;
    if (this.#documents?.revision === definitions.revision) return this.#documents;
    const custom = customSchemas(definitions);
    const source: SchemaSource = (name, dialect) => builtInSchemas(name, dialect) ?? custom(name, dialect);
    const parts = partsOf(definitions, otherPaths);
    const v3 = new Map(
      parts.map(({ name, of, paths, own }) => {
        // most documents outlive the coming and going of custom resources
        const known = this.#documents?.v3.get(name);
        if (known && sameItems(known.of, of)) return [name, known];
        const make = () => htmlSafe(writeJson(documentV3(paths(), source, own)));
        return [name, { of, document: new Lazy(clock, make, encodeV3) }];
      }),
    );
    const all = () => parts.flatMap((p) => p.paths());
    const v2 = new Lazy(clock, () => writeJson(documentV2(all(), source)), encodeV2);
    this.#documents = { revision: definitions.revision, v3, v2 };
    return this.#documents;
  }
}

async function encodeV2(text: string): Promise<Buffer> {
  const { encodeV2: encode } = await import('./openapi-v2-protobuf.js');
  return encode(JSON.parse(text) as DocumentV2);
}

async function encodeV3(text: string): Promise<Buffer> {
  const { encodeV3: encode } = await import('./openapi-v3-protobuf.js');
  return encode(JSON.parse(text) as DocumentV3);
}

function urlOf(name: string, document: Lazy): string {
  return `/openapi/v3/${name}?hash=${document.json().etag}`;
}

async function sendDocument(request: ApiRequest, document: Lazy, accepted: string, protobuf: string): Promise<void> {
  if (accepted === 'json') return sendContent(request, { ...document.json(), contentType: 'application/json' });
  sendContent(request, { ...(await document.protobuf()), contentType: `application/${protobuf}` });
}

/** One document of v3: the paths of a group and version, of a group, or of something beside the API. */
interface Part {
  readonly name: string;
  /** What it tells of; empty: it is always the same. */
  readonly of: readonly Definition[];
  readonly paths: () => readonly Path[];
  readonly own?: { group: string; version: string };
}

function partsOf(definitions: Definitions, otherPaths: readonly string[]): Part[] {
  const parts = new Map<string, Part>();
  const add = (part: Part) => parts.set(part.name, part);
  for (const d of definitions.all()) {
    const { group, version } = d;
    const root = rootOf(d);
    if (parts.has(root.slice(1))) continue;
    const tag = groupTag(group);
    const resources = documentPath(
      `${root}/`,
      `get${groupTitle(group)}${version.charAt(0).toUpperCase()}${version.slice(1)}APIResources`,
      `${tag}_${version}`,
      'get available resources',
      `${META}APIResourceList`,
    );
    const own = definitions.all().filter((other) => other.group === group && other.version === version);
    const routed = own.some((o) => o.serving.routes);
    add({ name: root.slice(1), of: own, own: { group, version }, paths: () => [...(routed ? [resources] : []), ...own.flatMap(pathsOf)] });
    if (!routed) continue;
    if (group === '')
      add(single('api', documentPath('/api/', 'getCoreAPIVersions', 'core', 'get available API versions', `${META}APIVersions`)));
    else
      add(
        single(
          `apis/${group}`,
          documentPath(`/apis/${group}/`, `get${groupTitle(group)}APIGroup`, tag, 'get information of a group', `${META}APIGroup`),
        ),
      );
  }
  if ([...parts.keys()].some((name) => name.startsWith('apis/')))
    add(single('apis', documentPath('/apis/', 'getAPIVersions', 'apis', 'get available API versions', `${META}APIGroupList`)));
  for (const [path, part] of Object.entries(OTHERS)) if (otherPaths.includes(path)) add(part);
  return [...parts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function single(name: string, path: Path): Part {
  return { name, of: [], paths: () => [path] };
}

const OTHERS: Readonly<Record<string, Part>> = {
  '/version': single(
    'version',
    documentPath(
      '/version/',
      'getCodeVersion',
      'version',
      'get the version information for this server',
      'io.k8s.apimachinery.pkg.version.Info',
      'json',
    ),
  ),
  '/.well-known/openid-configuration': single(
    '.well-known/openid-configuration',
    documentPath(
      '/.well-known/openid-configuration/',
      'getServiceAccountIssuerOpenIDConfiguration',
      'WellKnown',
      "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
      undefined,
      'openid',
    ),
  ),
  '/openid/v1/jwks': single(
    'openid/v1/jwks',
    documentPath(
      '/openid/v1/jwks/',
      'getServiceAccountIssuerOpenIDKeyset',
      'openid',
      'get service account issuer OpenID JSON Web Key Set (contains public token verification keys)',
      undefined,
      'keys',
    ),
  ),
};
