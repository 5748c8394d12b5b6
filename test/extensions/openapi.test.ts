// What a cluster with custom resources tells of its API, byte for byte as kube-apiserver v1.36.3 does. A difference here says that
// there is one: scripts/compare-openapi.mjs says which.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { loadAll } from 'js-yaml';
import type { Response } from 'supertest';
import { customresourcedefinitions as CRDS } from '../../src/api/meta/resources.gen.js';
import type { CustomResourceDefinition } from '../../src/api/types/apiextensions-v1.gen.js';
import { API_ONLY, eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

const FIXTURES = new URL('../../fixtures/openapi/', import.meta.url);
const GENERATOR = new URL('../../scripts/generate-descriptions.mjs', import.meta.url);

/** The digests of what the reference server answers at a path, by form (scripts/record-openapi.mjs). */
type Digests = Readonly<Record<string, Readonly<Partial<Record<Form, string>>>>>;
type Form = 'json' | 'protobuf' | 'aggregated' | 'table';

function mediaType(form: Form, path: string): string {
  if (form === 'json') return 'application/json';
  if (form === 'table') return 'application/json;as=Table;g=meta.k8s.io;v=v1';
  if (form === 'aggregated') return 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  return `application/com.github.proto-openapi.spec.${path.split('/')[2]}@v1.0+protobuf`;
}

function bytes(response: Response, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('end', () => done(null, Buffer.concat(chunks)));
}

describe('discovery and OpenAPI', function () {
  this.timeout(60_000);
  let cluster: TestCluster;
  let api: Api;
  let digests: Digests;

  before(async () => {
    // what the build does: documents are compared with their prose
    execFileSync(process.execPath, [fileURLToPath(GENERATOR)], { stdio: 'ignore' });
    digests = JSON.parse(await readFile(new URL('digests.json', FIXTURES), 'utf8')) as Digests;
    cluster = await startTestCluster({ components: API_ONLY });
    api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
    const definitions = loadAll(await readFile(new URL('definitions.yaml', FIXTURES), 'utf8')) as CustomResourceDefinition[];
    for (const body of definitions) {
      await api.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', body).expect(201);
      const { name } = body.metadata;
      await eventually(`${name} is established`, async () =>
        (await cluster.client.get(CRDS, { namespace: '', name })).status.conditions?.some(
          (c) => c.type === 'Established' && c.status === 'True',
        ),
      );
    }
  });
  after(() => cluster.close());

  const digestOf = async (path: string, form: Form) => {
    const { body } = await api.get(path).set('Accept', mediaType(form, path)).buffer(true).parse(bytes).expect(200);
    // of tables only the columns are compared
    const told = form === 'table' ? JSON.stringify(JSON.parse((body as Buffer).toString()).columnDefinitions) : (body as Buffer);
    return createHash('sha256').update(told).digest('hex');
  };

  for (const [title, form, isMeant] of [
    ['OpenAPI documents, custom resources in them, are those of upstream', 'json', (path: string) => path.startsWith('/openapi/')],
    ['OpenAPI documents in protobuf are those of upstream', 'protobuf', () => true],
    ['lists of groups and resources are those of upstream', 'json', (path: string) => path.startsWith('/api')],
    ['the aggregated documents are those of upstream', 'aggregated', () => true],
    ['the columns of tables are described as upstream describes them', 'table', () => true],
  ] as const)
    it(title, async () => {
      const asked = Object.entries(digests).filter(([path, forms]) => forms[form] !== undefined && isMeant(path));
      expect(asked).to.have.length.above(1);
      const different: string[] = [];
      for (const [path, forms] of asked) if ((await digestOf(path, form)) !== forms[form]) different.push(path);
      expect(different).to.deep.equal([]);
    });
});
