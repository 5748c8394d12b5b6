// What a client may ask an answer to look like (Accept, ?pretty, ?includeObject), and what it may send (Content-Type). Two
// layers refuse, with different texts, as upstream: the route knows media types only, the endpoint their parameters too.
import type { Definition } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import type { ApiRequest } from './request.js';

/** In what answers and bodies are written. */
export type Encoding = 'json' | 'yaml' | 'protobuf';

export const MEDIA_TYPES: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
};

/** The media types a PATCH may have, and what kind of patch each is. */
const PATCH_TYPES = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
} as const;

/** The languages of PATCH. */
export type PatchKind = (typeof PATCH_TYPES)[keyof typeof PATCH_TYPES];

/** What an answer can look like at one place. */
export interface Endpoint {
  /** In the order of preference; the first is for clients that do not mind. */
  readonly encodings: readonly Encoding[];
  /** What the path itself lists: absent where no route stands before the endpoint (custom resources). */
  readonly route?: readonly string[];
  /** meta.k8s.io forms that are served beside the object itself. */
  readonly forms: readonly ('table' | 'metadata')[];
  /** The value ?sv may have. */
  readonly serverVersion: string;
}

/** How one request is to be answered. */
export interface Negotiated {
  readonly encoding: Encoding;
  readonly contentType: string;
  /** JSON for human eyes. */
  readonly pretty: boolean;
  readonly form: 'object' | 'table' | 'metadata';
  /** The version of meta.k8s.io the form is asked in. */
  readonly formVersion: 'v1' | 'v1beta1';
  /** form metadata: PartialObjectMetadataList was asked for, not PartialObjectMetadata. */
  readonly asList: boolean;
  /** form table: what the rows carry. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
}

const ALL: readonly Encoding[] = ['json', 'yaml', 'protobuf'];
const STREAMED: readonly Encoding[] = ['json', 'protobuf'];

function types(encodings: readonly Encoding[]): string[] {
  return encodings.map((e) => MEDIA_TYPES[e]);
}

/** Discovery documents, Status answers: no other form. */
export const PLAIN: Endpoint = { encodings: ALL, route: types(ALL), forms: [], serverVersion: '' };
/** The same of upstream's aggregator, which has no routes. */
export const PLAIN_UNROUTED: Endpoint = { encodings: ALL, forms: [], serverVersion: '' };

const RESOURCE: Endpoint = { encodings: ALL, route: types(ALL), forms: ['table', 'metadata'], serverVersion: 'v1' };
const LISTED: Endpoint = { ...RESOURCE, route: [...types(ALL), ...streams()] };
const ACTED: Endpoint = { ...RESOURCE, forms: ['metadata'] };
const UNROUTED: Endpoint = { encodings: ['json', 'yaml'], forms: ['table', 'metadata'], serverVersion: 'v1' };

function streams(): string[] {
  return types(STREAMED).map((type) => `${type};stream=watch`);
}

/** What the objects of a kind can look like. `collection`: the path serves lists and watches. */
export function endpointOf(definition: Definition, collection: boolean, subresource = ''): Endpoint {
  if (definition.subresources[subresource]?.table === 'none') return ACTED;
  const { routes, protobuf } = definition.serving;
  if (!routes) return UNROUTED;
  if (!definition.verbs.includes('get')) return ACTED;
  const served = collection && definition.verbs.includes('list') ? LISTED : RESOURCE;
  return protobuf ? served : { ...served, encodings: UNROUTED.encodings };
}

interface Clause {
  type: string;
  subtype: string;
  q: number;
  params: [string, string][];
}

/** The clauses of an Accept header in the order they are tried. Malformed ones are left out. */
function parseAccept(header: string): Clause[] {
  const clauses: Clause[] = [];
  for (const part of header.split(',')) {
    const [range = '', ...parameters] = part.trim().split(';');
    const [type = '', subtype = type.trim() === '*' ? '*' : '', ...more] = range.split('/').map((s) => s.trim());
    if (subtype === '' || more.length > 0) continue;
    const clause: Clause = { type, subtype, q: 1, params: [] };
    for (const parameter of parameters) {
      const [key = '', value = '', ...rest] = parameter.split('=').map((s) => s.trim());
      if (value === '' || rest.length > 0) continue;
      if (key === 'q') clause.q = Number(value) || 0;
      else clause.params.push([key, value]);
    }
    // upstream sorts by insertion with a relation that is no order (a wildcard goes behind whatever its q): so must we
    let at = clauses.length;
    while (at > 0 && before(clause, clauses[at - 1] as Clause)) at--;
    clauses.splice(at, 0, clause);
  }
  return clauses;
}

function before(a: Clause, b: Clause): boolean {
  return a.q > b.q || (a.type !== '*' && b.type === '*') || (a.subtype !== '*' && b.subtype === '*');
}

type Match = Omit<Negotiated, 'includeObject'> & { readonly stream: boolean };

/** What the parameters of a clause ask for. */
interface Wish {
  /** The kind to be converted to; undefined: the object as it is. */
  readonly as: { readonly group: string; readonly version: string; readonly kind: string } | undefined;
  readonly pretty: boolean;
}

function fits({ type, subtype }: Clause, encoding: Encoding): boolean {
  const [ownType, ownSubtype] = MEDIA_TYPES[encoding].split('/');
  return (type === ownType && (subtype === ownSubtype || subtype === '*')) || (type === '*' && subtype === '*');
}

/** Reads a clause's parameters; undefined: they ask for what is not served. */
function wishOf(clause: Clause, encoding: Encoding, serverVersion: string): Wish | undefined {
  const params = new Map(clause.params);
  const stream = params.get('stream');
  if (stream !== undefined && (stream !== 'watch' || !STREAMED.includes(encoding))) return undefined;
  const server = params.get('sv');
  if (server !== undefined && server !== serverVersion) return undefined;
  const [kind, group, version] = [params.get('as'), params.get('g'), params.get('v')];
  const converted = kind !== undefined || group !== undefined || version !== undefined;
  return {
    as: converted ? { group: group ?? '', version: version ?? '', kind: kind ?? '' } : undefined,
    pretty: params.get('pretty') === '1',
  };
}

function match(clause: Clause, encoding: Encoding, endpoint: Endpoint): Match | undefined {
  const wish = fits(clause, encoding) ? wishOf(clause, encoding, endpoint.serverVersion) : undefined;
  if (!wish) return undefined;
  const { as, pretty } = wish;
  const plain = { encoding, contentType: MEDIA_TYPES[encoding], pretty, stream: STREAMED.includes(encoding), asList: false };
  if (!as) return endpoint.encodings.includes(encoding) ? { ...plain, form: 'object', formVersion: 'v1' } : undefined;
  const { group, version, kind } = as;
  if (group !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  if (kind === 'Table' && endpoint.forms.includes('table') && encoding !== 'protobuf')
    return { ...plain, form: 'table', formVersion: version };
  if ((kind === 'PartialObjectMetadata' || kind === 'PartialObjectMetadataList') && endpoint.forms.includes('metadata'))
    return { ...plain, form: 'metadata', formVersion: version, asList: kind === 'PartialObjectMetadataList' };
  return undefined;
}

/** What an Accept header means at an endpoint. */
interface Resolved {
  /** The route serves one of the media types. */
  readonly routed: boolean;
  readonly match: Match | undefined;
}

/** Clients send the same few headers over and over: what each means is worked out once for each endpoint. */
const resolved = new WeakMap<Endpoint, Map<string, Resolved>>();
const MAX_RESOLVED = 64;

function resolve(request: ApiRequest, endpoint: Endpoint): Resolved {
  const accept = request.headers.accept || '*/*';
  let known = resolved.get(endpoint);
  if (!known) resolved.set(endpoint, (known = new Map()));
  let found = known.get(accept);
  if (!found) {
    if (known.size >= MAX_RESOLVED) known.clear();
    found = { routed: isRouted(accept, endpoint.route), match: find(accept, endpoint) };
    known.set(accept, found);
  }
  return found;
}

function find(accept: string, endpoint: Endpoint): Match | undefined {
  for (const clause of parseAccept(accept))
    for (const encoding of ALL) {
      const found = match(clause, encoding, endpoint);
      if (found) return found;
    }
  return undefined;
}

function isRouted(accept: string, route: readonly string[] | undefined): boolean {
  if (!route) return true;
  const ranges = accept.split(',').map((part) => (part.split(';')[0] ?? '').trim());
  return ranges.some((range) => range === '*/*' || route.includes(range));
}

/** What a route answers of which the client accepts nothing. */
function unrouted(route: readonly string[]): errors.ApiError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${route.join(', ')}`;
  return new errors.ApiError({ code: 406, reason: 'NotAcceptable', message, details: {} });
}

/**
 * For what has one form, whatever its type.
 * @throws ApiError NotAcceptable when the client does not accept a route's type
 */
export function checkAccepted(request: ApiRequest, type: string): void {
  if (!isRouted(request.headers.accept || '*/*', [type])) throw unrouted([type]);
}

/** @throws ApiError NotAcceptable */
function required(request: ApiRequest, endpoint: Endpoint): Match {
  const { routed, match: found } = resolve(request, endpoint);
  if (!routed) {
    // upstream finds no route, and so nobody who would warn
    request.warnings.length = 0;
    throw unrouted(endpoint.route ?? []);
  }
  if (!found) throw errors.notAcceptable(types(ALL));
  return found;
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);

/** Whether JSON is indented: ?pretty says so, or the client is one that people read. */
function wantsPretty(request: ApiRequest): boolean {
  const asked = request.info.query.get('pretty');
  if (asked) return TRUE.has(asked);
  const agent = request.headers['user-agent'] ?? '';
  return agent.startsWith('curl') || agent.startsWith('Wget') || agent.startsWith('Mozilla/5.0');
}

function includeObject(request: ApiRequest): Negotiated['includeObject'] {
  const asked = request.info.query.get('includeObject') ?? '';
  if (asked === '') return 'Metadata';
  if (asked === 'None' || asked === 'Metadata' || asked === 'Object') return asked;
  throw errors.badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(asked)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

function complete(request: ApiRequest, found: Match, pretty: boolean): Negotiated {
  return { ...found, pretty, includeObject: found.form === 'table' ? includeObject(request) : 'Metadata' };
}

/**
 * How to answer a request that is no watch.
 * @throws ApiError NotAcceptable when nothing the client accepts is served here; BadRequest for a wrong ?includeObject
 */
export function negotiate(request: ApiRequest, endpoint: Endpoint): Negotiated {
  const found = required(request, endpoint);
  return complete(request, found, found.encoding === 'json' && (found.pretty || wantsPretty(request)));
}

/**
 * How to answer a watch: `contentType` is that of the stream.
 * @throws ApiError as negotiate does
 */
export function negotiateWatch(request: ApiRequest, endpoint: Endpoint): Negotiated {
  const found = required(request, endpoint);
  if (!found.stream) throw errors.notAcceptable(streams());
  const negotiated = complete(request, found, false);
  return found.encoding === 'json' ? negotiated : { ...negotiated, contentType: `${found.contentType};stream=watch` };
}

/**
 * How to answer /api and /apis to a client that takes all groups and resources in one document; undefined: it does not, or it takes
 * none of the forms of that (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery).
 */
export function negotiateAggregated(request: ApiRequest): Negotiated | undefined {
  for (const clause of parseAccept(request.headers.accept ?? ''))
    for (const encoding of ALL) {
      const wish = fits(clause, encoding) ? wishOf(clause, encoding, '') : undefined;
      if (wish?.as?.group !== 'apidiscovery.k8s.io' || wish.as.version !== 'v2' || wish.as.kind !== 'APIGroupDiscoveryList') continue;
      const contentType = `${MEDIA_TYPES[encoding]};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`;
      const pretty = encoding === 'json' && (wish.pretty || wantsPretty(request));
      return { encoding, contentType, pretty, form: 'object', formVersion: 'v1', asList: false, includeObject: 'Metadata' };
    }
  return undefined;
}

/** How to write a Status; undefined: the client accepts nothing we have, so it gets indented JSON. */
export function negotiateStatus(request: ApiRequest): Negotiated | undefined {
  const found = resolve(request, PLAIN).match;
  return found && complete(request, found, found.encoding === 'json' && (found.pretty || wantsPretty(request)));
}

/** Which of some subtypes of application/ a client likes best, without regard to parameters; undefined: none. */
export function acceptedOf(request: ApiRequest, subtypes: readonly string[]): string | undefined {
  for (const { type, subtype } of parseAccept(request.headers.accept || '*/*')) {
    if (type !== 'application' && type !== '*') continue;
    const found = subtype === '*' ? subtypes[0] : subtypes.find((s) => s === subtype);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * What the body of a POST, PUT or DELETE is written in; without a Content-Type: JSON.
 * @throws ApiError UnsupportedMediaType
 */
export function bodyEncoding(request: ApiRequest): Encoding {
  const header = request.headers['content-type'] ?? '';
  if (header === '' || header === MEDIA_TYPES.json) return 'json';
  const type = wellFormed(header) ? (header.split(';')[0] ?? '').trim().toLowerCase() : '';
  const encoding = ALL.find((e) => MEDIA_TYPES[e] === type);
  if (!encoding) throw errors.unsupportedMediaType(types(ALL));
  return encoding;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const MEDIA_TYPE = new RegExp(`^\\s*${TOKEN}(/${TOKEN})?(\\s*;\\s*${TOKEN}=(${TOKEN}|"([^"\\\\]|\\\\.)*"))*\\s*;?\\s*$`);

function wellFormed(header: string): boolean {
  return MEDIA_TYPE.test(header);
}

/**
 * Which kind of patch a body is.
 * @throws ApiError UnsupportedMediaType
 */
export function patchKind(request: ApiRequest, definition: Definition): PatchKind {
  const type = ((request.headers['content-type'] ?? '').split(';')[0] ?? '').trim();
  const { routes, strategicMerge } = definition.serving;
  const understood = Object.entries(PATCH_TYPES).filter(([, kind]) => strategicMerge || kind !== 'strategic');
  const found = understood.find(([t]) => t === type);
  if (found) return found[1];
  if (!routes) throw errors.unsupportedMediaType(understood.map(([t]) => t));
  // a route names no types and warns of nothing
  request.warnings.length = 0;
  throw new errors.ApiError({ code: 415, reason: 'UnsupportedMediaType', message: '415: Unsupported Media Type', details: {} });
}
