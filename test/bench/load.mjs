// Loads an API server over HTTP/2 and prints one JSON line a scenario: { scenario, ops, seconds, perSecond }.
//   node test/bench/load.mjs KUBECONFIG-DIRECTORY URL COUNT SCENARIO …
// The directory holds pki/admin.crt and pki/admin.key. A scenario stands on what those before it have left.
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join } from 'node:path';

const [directory, url, count, ...scenarios] = process.argv.slice(2);
const N = Number(count);
const CONCURRENCY = 32;
const WATCHERS = 100;
const pki = (name) => readFileSync(join(directory, 'pki', name));
const tls = { cert: pki('admin.crt'), key: pki('admin.key'), rejectUnauthorized: false };
const session = connect(url, tls);
const NS = 'bench';
const PODS = `/api/v1/namespaces/${NS}/pods`;

function request(method, path, body, type = 'application/json') {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': method, ':path': path, accept: 'application/json', ...(body && { 'content-type': type }) });
    let status = 0;
    let size = 0;
    stream.on('response', (headers) => (status = headers[':status']));
    stream.on('data', (chunk) => (size += chunk.length));
    stream.on('end', () => (status < 400 ? resolve(size) : reject(new Error(`${method} ${path}: ${status}`))));
    stream.on('error', reject);
    stream.end(body);
  });
}

const pod = (name) =>
  JSON.stringify({
    metadata: { name, labels: { app: 'load', tier: 'backend' }, annotations: { note: 'a pod of a typical size' } },
    spec: {
      containers: [
        {
          name: 'main',
          image: 'registry.example/app:1.2.3',
          args: ['--listen=:8080', '--level=info'],
          ports: [{ containerPort: 8080, name: 'http' }],
          env: [{ name: 'A', value: '1' }, { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
          readinessProbe: { httpGet: { path: '/ready', port: 8080 } },
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        },
      ],
      volumes: [{ name: 'tmp', emptyDir: {} }],
      automountServiceAccountToken: false,
    },
  });

/** Runs `work(i)` for 0 … n-1, so many at once. */
async function each(n, concurrency, work) {
  let next = 0;
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (next < n) await work(next++);
  }));
  return n;
}

async function watching(n) {
  let received = 0;
  const wanted = n * WATCHERS;
  let done;
  const all = new Promise((resolve) => (done = resolve));
  const streams = await Promise.all(Array.from({ length: WATCHERS }, () => new Promise((resolve, reject) => {
    const stream = session.request({ ':path': `${PODS}?watch=true&resourceVersion=0&labelSelector=watched`, accept: 'application/json' });
    stream.on('response', () => resolve(stream));
    stream.on('error', reject);
    stream.on('data', (chunk) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) if (++received === wanted) done();
    });
  })));
  const started = performance.now();
  await each(n, CONCURRENCY, (i) => request('POST', PODS, pod(`w-${i}`).replace('"app":"load"', '"watched":"1"')));
  await all;
  for (const stream of streams) stream.close();
  return { ops: wanted, ms: performance.now() - started };
}

const SCENARIOS = {
  create1: () => each(Math.ceil(N / 8), 1, (i) => request('POST', PODS, pod(`one-${i}`))),
  create: () => each(N, CONCURRENCY, (i) => request('POST', PODS, pod(`p-${i}`))),
  get: () => each(2 * N, CONCURRENCY, (i) => request('GET', `${PODS}/p-${i % N}`)),
  patch: () => each(N, CONCURRENCY, (i) => request('PATCH', `${PODS}/p-${i}`, JSON.stringify({ metadata: { labels: { rev: `r${i}` } } }), 'application/strategic-merge-patch+json')),
  apply: () => each(N, CONCURRENCY, (i) => request('PATCH', `/api/v1/namespaces/${NS}/configmaps/cm-${i}?fieldManager=load&force=true`, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `cm-${i}` }, data: { k: `v${i}` } }), 'application/apply-patch+yaml')),
  watch: () => watching(Math.ceil(N / 4)),
  list: () => each(10, 1, () => request('GET', '/api/v1/pods')),
  delete: () => each(N, CONCURRENCY, (i) => request('DELETE', `${PODS}/p-${i}?gracePeriodSeconds=0`)),
};

await request('POST', '/api/v1/namespaces', JSON.stringify({ metadata: { name: NS } }));
for (const name of scenarios.length ? scenarios : Object.keys(SCENARIOS)) {
  const started = performance.now();
  const result = await SCENARIOS[name]();
  const { ops, ms } = typeof result === 'number' ? { ops: result, ms: performance.now() - started } : result;
  console.log(JSON.stringify({ scenario: name, ops, seconds: ms / 1000, perSecond: (ops / ms) * 1000 }));
}
session.close();
