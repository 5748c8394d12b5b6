// Writes fixtures/openapi/digests.json: what a kube-apiserver of v1.36 tells of its API, as digests, while the definitions of
// fixtures/openapi/definitions.yaml are there and no others: node scripts/record-openapi.mjs REFERENCE_KUBECONFIG
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { load } from 'js-yaml';

const [kubeconfig] = process.argv.slice(2);
if (!kubeconfig) {
  console.error('usage: record-openapi.mjs REFERENCE_KUBECONFIG');
  process.exit(2);
}
const folder = new URL('../fixtures/openapi/', import.meta.url);
const kubectl = (...args) => execFileSync('kubectl', ['--kubeconfig', kubeconfig, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
kubectl('create', '-f', new URL('definitions.yaml', folder).pathname);
kubectl('wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all');
// documents follow definitions after a while
await new Promise((resolve) => setTimeout(resolve, 5_000));

const { clusters, users } = load(readFileSync(kubeconfig, 'utf8'));
const pem = (key) => Buffer.from(users[0].user[key], 'base64');
const access = { cert: pem('client-certificate-data'), key: pem('client-key-data'), rejectUnauthorized: false };

/** The body of a path in a form. */
function get(path, accept) {
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, clusters[0].cluster.server), { ...access, headers: { accept } }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
    });
    asked.on('error', reject).end();
  });
}

/** The columns of a resource's table. The store of a custom one is made when it is first asked for. */
async function columns(path) {
  for (let i = 0; i < 20; i++) {
    const { columnDefinitions } = JSON.parse(await get(path, forms.table));
    if (columnDefinitions) return columnDefinitions;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`no table of ${path}`);
}

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex');
const forms = {
  json: 'application/json',
  protobuf: (version) => `application/com.github.proto-openapi.spec.${version}@v1.0+protobuf`,
  table: 'application/json;as=Table;g=meta.k8s.io;v=v1',
  aggregated: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
};
const groups = JSON.parse(await get('/apis', forms.json)).groups;
const discovery = ['/apis', '/api/v1', ...groups.flatMap((g) => [`/apis/${g.name}`, ...g.versions.map((v) => `/apis/${v.groupVersion}`)])];
const documents = Object.keys(JSON.parse(await get('/openapi/v3', forms.json)).paths).map((name) => `/openapi/v3/${name}`);
const digests = {};
for (const path of ['/openapi/v2', ...documents]) {
  const version = path.split('/')[2];
  digests[path] = { json: digest(await get(path, forms.json)), protobuf: digest(await get(path, forms.protobuf(version))) };
}
digests['/openapi/v3'] = { json: digest(await get('/openapi/v3', forms.json)) };
for (const path of discovery) {
  // upstream lists the resources of custom groups in no order: gadgets and shelves are left out
  if (path !== '/apis/shop.example.com/v1') digests[path] = { json: digest(await get(path, forms.json)) };
}
// columns that upstream describes as an older version did
const OLDER = /(clusterrolebindings|rolebindings|certificatesigningrequests)$/;
for (const version of ['/api/v1', ...groups.flatMap((g) => g.versions.map((v) => `/apis/${v.groupVersion}`))])
  for (const { name, verbs } of JSON.parse(await get(version, forms.json)).resources) {
    if (name.includes('/') || !verbs.includes('list') || OLDER.test(name)) continue;
    digests[`${version}/${name}`] = { table: digest(JSON.stringify(await columns(`${version}/${name}`))) };
  }
digests['/api'] = { aggregated: digest(await get('/api', forms.aggregated)) };
digests['/apis'].aggregated = digest(await get('/apis', forms.aggregated));
writeFileSync(new URL('digests.json', folder), `${JSON.stringify(digests, undefined, 1)}\n`);
kubectl('delete', '-f', new URL('definitions.yaml', folder).pathname);
console.log(`fixtures/openapi/digests.json: ${Object.keys(digests).length} paths`);
