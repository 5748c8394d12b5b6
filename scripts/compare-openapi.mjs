// Compares what two servers tell of their API: discovery, OpenAPI v2 and v3, version, health and keys, in all forms that clients ask
// for, with the headers by which they keep them: node scripts/compare-openapi.mjs REFERENCE_KUBECONFIG OUR_KUBECONFIG [FILTER]
// FILTER is a part of a path. Exit status 1 when anything differs. What differs by nature is left out (`expected`).
import { readFileSync } from 'node:fs';
import { Agent, request as send } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { load } from 'js-yaml';

const [reference, ours, filter = ''] = process.argv.slice(2);
if (!reference || !ours) {
  console.error('usage: compare-openapi.mjs REFERENCE_KUBECONFIG OUR_KUBECONFIG [FILTER]');
  process.exit(2);
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
const V3_PROTOBUF = 'application/com.github.proto-openapi.spec.v3@v1.0+protobuf';
const OBJECT_FORMS = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/cbor',
  'application/vnd.kubernetes.protobuf, application/json;q=0.5',
  'text/html,application/xhtml+xml,*/*;q=0.8',
  'text/plain',
];
const DISCOVERY_FORMS = [
  ...OBJECT_FORMS,
  AGGREGATED,
  AGGREGATED.replace('v=v2', 'v=v2beta1'),
  AGGREGATED.replace('v=v2', 'v=v1'),
  AGGREGATED.replace('application/json', 'application/vnd.kubernetes.protobuf'),
  AGGREGATED.replace('application/json', 'application/yaml'),
  `${AGGREGATED},${AGGREGATED.replace('v=v2', 'v=v2beta1')},application/json`,
  `${AGGREGATED.replace('v=v2', 'v=v2beta1')},application/json`,
  `application/json,${AGGREGATED}`,
  `${AGGREGATED};profile=nopeer`,
];
const OPENAPI_FORMS = [
  'application/json',
  '*/*',
  'application/*',
  'application/yaml',
  'application/yaml, */*;q=0.1',
  'text/html,application/xhtml+xml,*/*;q=0.8',
  'application/json;q=0',
  'application/json;as=BOMList',
  V2_PROTOBUF,
  V2_PROTOBUF.replace('@', '.'),
  V3_PROTOBUF,
  V3_PROTOBUF.replace('@', '.'),
  'application/com.github.proto-openapi.spec.v2@v1.0+gzip',
  `${V3_PROTOBUF},application/json`,
  `${V2_PROTOBUF},application/json`,
];
const METHODS = ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const HEALTH = ['/healthz', '/livez', '/readyz'];
const HEADERS = [
  'allow',
  'cache-control',
  'content-encoding',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'location',
  'vary',
  'warning',
  'x-content-type-options',
  'accept-ranges',
  'content-range',
];

const DATES = new Set(['expires', 'last-modified']);

class Server {
  constructor(kubeconfig) {
    const { clusters, users } = load(readFileSync(kubeconfig, 'utf8'));
    const user = users[0].user;
    const pem = (key) => Buffer.from(user[key], 'base64');
    this.url = clusters[0].cluster.server;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.options = { agent, cert: pem('client-certificate-data'), key: pem('client-key-data'), rejectUnauthorized: false };
  }

  /** Sends one request. @returns its status, headers and body, unpacked */
  ask({ method = 'GET', path, headers = {} }) {
    return new Promise((resolve, reject) => {
      const request = send(new URL(path, this.url), { ...this.options, method, headers }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => {
          const raw = Buffer.concat(chunks);
          const body = response.headers['content-encoding'] === 'gzip' && raw.length > 0 ? gunzipSync(raw) : raw;
          resolve({ status: response.statusCode, headers: response.headers, body });
        });
      });
      request.on('error', reject);
      request.end();
    });
  }

  async json(path) {
    return JSON.parse((await this.ask({ path })).body.toString());
  }
}

/** What is there to ask for: the paths of `server`'s discovery and OpenAPI, and those beside them. */
async function requests(server) {
  const groups = (await server.json('/apis')).groups;
  const versions = ['/api/v1', ...groups.flatMap((g) => g.versions.map((v) => `/apis/${v.groupVersion}`))];
  const discovery = ['/api', '/apis', '/api/', '/apis/', ...groups.map((g) => `/apis/${g.name}`), ...versions, '/api/v1/', '/apis/apps/'];
  const documents = Object.keys((await server.json('/openapi/v3')).paths).map((name) => `/openapi/v3/${name}`);
  const unknown = [
    '/api/v2',
    '/apis/apps/v9',
    '/apis/nonsense',
    '/apis/nonsense/v1',
    '/openapi/v3/apis/nonsense',
    '/openapi',
    '/openapi/v3/',
    '/openapi/v2/',
  ];
  const others = [
    '/',
    '/version',
    '/version/',
    '/.well-known/openid-configuration',
    '/openid/v1/jwks',
    '/livez/',
    '/livez/nonsense',
    '/readyz/nonsense',
    '/index.html',
  ];
  const checks = HEALTH.flatMap((path) => [
    path,
    `${path}?verbose`,
    `${path}?exclude=etcd`,
    `${path}?verbose&exclude=etcd&exclude=nonsense`,
    `${path}/ping`,
    `${path}/etcd`,
    `${path}/log`,
  ]);
  return [
    ...DISCOVERY_FORMS.flatMap((accept) => discovery.map((path) => ({ path, headers: { accept } }))),
    ...OPENAPI_FORMS.flatMap((accept) => ['/openapi/v2', '/openapi/v3', ...documents].map((path) => ({ path, headers: { accept } }))),
    ...OBJECT_FORMS.flatMap((accept) => [...others, ...HEALTH, ...unknown].map((path) => ({ path, headers: { accept } }))),
    ...[...discovery, ...documents, ...unknown, ...others, ...checks, '/openapi/v2', '/openapi/v3'].flatMap((path) => [
      { path },
      { path, headers: { 'accept-encoding': 'gzip' } },
      { path, headers: { 'accept-encoding': 'gzip;q=0' } },
    ]),
    ...[
      '/',
      '/api',
      '/apis',
      '/apis/apps',
      '/apis/apps/v1',
      '/openapi/v2',
      '/openapi/v3',
      '/openapi/v3/apis/apps/v1',
      '/version',
      ...HEALTH,
      ...unknown,
      ...others,
    ].flatMap((path) => METHODS.map((method) => ({ method, path }))),
  ];
}

const CONDITIONAL = [
  ['/openapi/v2', '*/*'],
  ['/openapi/v2', V2_PROTOBUF],
  ['/openapi/v3/apis/apps/v1', '*/*'],
  ['/openapi/v3/apis/apps/v1', V3_PROTOBUF],
  ['/openapi/v3/version', 'application/json'],
  ['/openapi/v3', '*/*'],
  ['/api', AGGREGATED],
  ['/apis', AGGREGATED],
  ['/apis', AGGREGATED.replace('v=v2', 'v=v2beta1')],
  ['/apis', 'application/json'],
];

/** Requests about what the client already has, made of what `server` itself says of it. */
async function conditional(server) {
  const asked = [];
  for (const [path, accept] of CONDITIONAL) {
    const given = (await server.ask({ path, headers: { accept } })).headers;
    const hash = given.etag?.replaceAll('"', '') ?? 'NONE';
    const date = given['last-modified'] ?? new Date().toUTCString();
    const ask = (shown, headers, query = '', method = 'GET') =>
      asked.push({ method, path: path + query, headers: { accept, ...headers }, shown });
    const matches = ['"HASH"', 'W/"HASH"', '"other", "HASH"', '*', '"other"', 'HASH'];
    for (const method of ['GET', 'HEAD', 'PUT'])
      for (const shown of matches) ask(shown, { 'if-none-match': shown.replace('HASH', hash) }, '', method);
    for (const shown of matches.slice(0, 5)) ask(`if-match ${shown}`, { 'if-match': shown.replace('HASH', hash) });
    for (const shown of ['?hash=', '?hash=HASH', '?hash=OLD', '?hash=HASH&hash=OLD', '?hash=OLD&x=y', '?x=y'])
      ask(shown, {}, shown.replace('HASH', hash));
    ask('?hash=HASH "HASH"', { 'if-none-match': `"${hash}"` }, `?hash=${hash}`);
    ask('?hash=OLD "HASH"', { 'if-none-match': `"${hash}"` }, '?hash=OLD');
    ask('if-modified-since', { 'if-modified-since': date });
    ask('if-unmodified-since', { 'if-unmodified-since': 'Mon, 01 Jan 2024 00:00:00 GMT' });
    ask('if-modified-since long ago', { 'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT' });
    for (const range of ['bytes=0-9', 'bytes=5-', 'bytes=-5', 'bytes=99999999-', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=x-y'])
      ask(range, { range });
    ask('bytes=0-9 if-range', { range: 'bytes=0-9', 'if-range': `"${hash}"` });
    ask('bytes=0-9 if-range other', { range: 'bytes=0-9', 'if-range': '"other"' });
    for (const coding of ['gzip', 'gzip;q=0', 'deflate', 'gzip, deflate, br', '*']) ask(coding, { 'accept-encoding': coding });
    ask('"HASH" gzip', { 'if-none-match': `"${hash}"`, 'accept-encoding': 'gzip' });
  }
  return asked;
}

function* differences(a, b, path = '') {
  if (Object.is(a, b)) return;
  const both = typeof a === 'object' && typeof b === 'object' && a !== null && b !== null && Array.isArray(a) === Array.isArray(b);
  if (!both || (Array.isArray(a) && a.length !== b.length)) {
    yield `${path}: want ${JSON.stringify(a)?.slice(0, 200) ?? '(absent)'}, got ${JSON.stringify(b)?.slice(0, 200) ?? '(absent)'}`;
    return;
  }
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  if (keys.join() !== others.join() && [...keys].sort().join() === [...others].sort().join()) yield `${path}: other order of keys`;
  for (const key of new Set([...keys, ...others])) yield* differences(a[key], b[key], `${path}/${key.replaceAll('/', '~1')}`);
}

/** Replaces what differs between any two servers: addresses, keys, versions, dates, what each was built with. */
function expected(text) {
  return text
    .replace(/[0-9a-f]{60}/g, 'BOUNDARY')
    .replace(/127\.0\.0\.1:\d+|(?<=serverAddress"?: ?"?)[\d.]+:\d+/g, 'ADDRESS')
    .replace(/"(jwks_uri|issuer)":"[^"]*"/g, '"$1":"URL"')
    .replace(/"keys":\[.*\]/, '"keys":[]')
    .replace(/"(git\w+|buildDate|goVersion|compiler|platform)":(\s?)"[^"]*"/g, '"$1":$2"X"');
}

function parsed(body, type = '') {
  if (type.includes('protobuf')) return body.toString('hex');
  const text = expected(body.toString());
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function* answerDifferences(a, b) {
  if (a.status !== b.status) yield `status: want ${a.status}, got ${b.status}`;
  for (const name of HEADERS) {
    const [x, y] = [a.headers[name], b.headers[name]].map(
      (v) => v && (DATES.has(name) ? 'SOME DAY' : v.replace(/[0-9a-f]{60}$/, 'BOUNDARY')),
    );
    if (x !== y) yield `${name}: want ${x ?? '(absent)'}, got ${y ?? '(absent)'}`;
  }
  const [x, y] = [parsed(a.body, a.headers['content-type']), parsed(b.body, b.headers['content-type'])];
  const before = { done: false };
  for (const text of differences(x, y)) {
    before.done = true;
    yield `body ${text}`;
  }
  if (!before.done && expected(a.body.toString()) !== expected(b.body.toString())) yield 'body: written differently';
}

const [wanted, got] = [new Server(reference), new Server(ours)];
const pairs = (await requests(wanted)).map((asked) => [asked, asked]);
const [theirs, mine] = [await conditional(wanted), await conditional(got)];
pairs.push(...theirs.map((asked, i) => [asked, mine[i]]));
const chosen = pairs.filter(([asked]) => asked.path.includes(filter));
const found = new Map();
for (const [asked, own] of chosen) {
  const [a, b] = [await wanted.ask(asked), await got.ask(own)];
  for (const text of answerDifferences(a, b)) found.set(text, [...(found.get(text) ?? []), asked]);
}
for (const [text, asked] of [...found].sort((a, b) => b[1].length - a[1].length)) {
  console.log(`${text}  [${asked.length}]`);
  for (const { method = 'GET', path, headers = {}, shown } of asked.slice(0, 3))
    console.log(`    ${method} ${path.replace(/\?hash=.*/, '')} ${shown ?? ''} ${headers.accept ?? JSON.stringify(headers)}`);
}
console.log(`${chosen.length} requests, ${found.size} kinds of differences`);
for (const server of [wanted, got]) server.options.agent.destroy();
process.exitCode = found.size === 0 ? 0 : 1;
