// Serves /openapi/v2 and /openapi/v3. Documents are made on the first request and again after the definitions changed.
import { createHash } from 'node:crypto';
import type { Definition } from '../api/definition.js';
import type { Definitions } from '../api/definitions.js';
import type { Clock } from '../util/clock.js';
import { htmlSafe } from '../util/json.js';
import { acceptedOf } from './negotiation.js';
import { customSchemas } from './openapi-custom.js';
import { documentPath, groupTag, groupTitle, META, type Path, pathsOf, rootOf } from './openapi-operations.js';
import { builtInSchemas, type SchemaSource } from './openapi-schemas.js';
import { documentV2 } from './openapi-v2.js';
import { documentV3 } from './openapi-v3.js';
import type { ApiRequest } from './request.js';
import { sendBody } from './respond.js';

const YEAR = 365 * 24 * 60 * 60 * 1000;
const V2_PROTOBUF = ['com.github.proto-openapi.spec.v2.v1.0+protobuf', 'com.github.proto-openapi.spec.v2@v1.0+protobuf'];

/** What the documents describe. */
export interface OpenApiOptions {
  readonly definitions: Definitions;
  readonly clock: Clock;
  /** Which of the paths beside the API's own are served: /version, /.well-known/openid-configuration, /openid/v1/jwks. */
  readonly otherPaths: readonly string[];
}

/** A document, or the means to make it. */
class Lazy {
  readonly #make: () => Buffer;
  #made: { text: Buffer; hash: string } | undefined;
  constructor(make: () => Buffer) {
    this.#make = make;
  }
  get(): { readonly text: Buffer; readonly hash: string } {
    if (!this.#made) {
      const text = this.#make();
      this.#made = { text, hash: createHash('sha512').update(text).digest('hex').toUpperCase() };
    }
    return this.#made;
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
  #v2Protobuf: { hash: string; bytes: Promise<Buffer> } | undefined;

  constructor(options: OpenApiOptions) {
    this.#options = options;
  }

  /** Answers GET of /openapi/v2, /openapi/v3 and the documents below it. */
  async handle(request: ApiRequest): Promise<void> {
    const { path } = request.info;
    if (path === '/openapi/v2') return this.#v2(request);
    if (path === '/openapi/v3') return sendBody(request, 200, 'text/plain; charset=utf-8', this.#index());
    return this.#v3(request, path.slice('/openapi/v3/'.length));
  }

  #index(): Buffer {
    const paths = [...this.#current().v3].map(([name, { document }]) => [
      name,
      { serverRelativeURL: `/openapi/v3/${name}?hash=${document.get().hash}` },
    ]);
    return Buffer.from(JSON.stringify({ paths: Object.fromEntries(paths) }));
  }

  #v3(request: ApiRequest, name: string): void {
    const { response } = request;
    const document = this.#current().v3.get(name)?.document;
    if (!document) return sendEmpty(request, 404);
    response.setHeader('Vary', 'Accept');
    if (!acceptedOf(request, ['json'])) return sendEmpty(request, 406);
    const { text, hash } = document.get();
    response.setHeader('ETag', `"${hash}"`);
    const asked = request.info.query.get('hash');
    if (asked && asked !== hash) {
      response.setHeader('Location', `/openapi/v3/${name}?hash=${hash}`);
      return sendEmpty(request, 301);
    }
    if (asked) {
      response.setHeader('Cache-Control', 'public, immutable');
      response.setHeader('Expires', new Date(this.#options.clock.now() + YEAR).toUTCString());
    }
    send(request, hash, 'application/json', text);
  }

  async #v2(request: ApiRequest): Promise<void> {
    request.response.setHeader('Vary', 'Accept');
    const accepted = acceptedOf(request, ['json', ...V2_PROTOBUF]);
    if (!accepted) return sendEmpty(request, 406);
    const { text, hash } = this.#current().v2.get();
    request.response.setHeader('ETag', `"${hash}"`);
    if (accepted === 'json') return send(request, hash, 'application/json', text);
    // the '@' that clients ask with is no character of a media type: they could not read it in the answer
    send(request, hash, `application/${V2_PROTOBUF[0]}`, await this.#protobuf(text, hash));
  }

  #protobuf(text: Buffer, hash: string): Promise<Buffer> {
    if (this.#v2Protobuf?.hash !== hash)
      this.#v2Protobuf = { hash, bytes: import('./openapi-v2-protobuf.js').then((m) => m.encodeV2(JSON.parse(text.toString()))) };
    return this.#v2Protobuf.bytes;
  }

  #current(): Documents {
    const { definitions, otherPaths } = this.#options;
    if (this.#documents?.revision === definitions.revision) return this.#documents;
    const custom = customSchemas(definitions);
    const source: SchemaSource = (name, dialect) => builtInSchemas(name, dialect) ?? custom(name, dialect);
    const parts = partsOf(definitions, otherPaths);
    const v3 = new Map(
      parts.map(({ name, of, paths, own }) => {
        // most documents outlive the coming and going of custom resources
        const known = this.#documents?.v3.get(name);
        if (known && sameList(known.of, of)) return [name, known];
        return [name, { of, document: new Lazy(() => Buffer.from(htmlSafe(JSON.stringify(documentV3(paths(), source, own))))) }];
      }),
    );
    const v2 = new Lazy(() =>
      Buffer.from(
        JSON.stringify(
          documentV2(
            parts.flatMap((p) => p.paths()),
            source,
          ),
        ),
      ),
    );
    this.#documents = { revision: definitions.revision, v3, v2 };
    return this.#documents;
  }
}

function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

function send(request: ApiRequest, hash: string, contentType: string, body: Buffer): void {
  const known = (request.headers['if-none-match'] ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === `"${hash}"`);
  if (known) return sendEmpty(request, 304);
  sendBody(request, 200, contentType, body);
}

function sendEmpty(request: ApiRequest, code: number): void {
  const { response } = request;
  response.statusCode = code;
  if (response.getHeader('Cache-Control') === undefined) response.setHeader('Cache-Control', 'no-cache, private');
  response.end();
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
