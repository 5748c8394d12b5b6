// What one request may carry and the stack or the processor cannot take. kube-apiserver v1.36.3 works at each of these for
// more than half a minute, so that there is no answer to compare with.
import { expect } from 'chai';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { Api } from '../suites/api/session.js';

describe('input that is large, not deep', function () {
  this.timeout(30_000);
  let cluster: TestCluster;
  let api: Api;
  before(async () => {
    cluster = await startTestCluster({ components: API_ONLY, disableAdmissionPlugins: ['ServiceAccount'] });
    api = new Api({ url: cluster.url, ...cluster.admin }, 'default');
  });
  after(() => cluster.close());

  it('is refused when more is wrong with it than the stack holds', async () => {
    const tolerations = Array(150_000).fill('{}').join(',');
    const pod = `{"metadata":{"name":"x"},"spec":{"containers":[{"name":"a","image":"a"}],"tolerations":[${tolerations}]}}`;
    const { status, body } = await api.post(api.path('pods'), pod);
    expect([status, (body as { reason: string }).reason]).to.deep.equal([413, 'RequestEntityTooLarge']);
  });

  it('is refused with the first errors when there are more than an answer can tell', async () => {
    const subsets = Array(900_000).fill('{}').join(',');
    const { status, body } = await api.post(api.path('endpoints'), `{"metadata":{"name":"x"},"subsets":[${subsets}]}`);
    expect(status).to.equal(422);
    expect((body as { details: { causes: object[] } }).details.causes).to.have.length(10_000);
  });

  it('with very many unknown or repeated fields keeps nobody waiting', async () => {
    const fields = Array.from({ length: 190_000 }, (_, i) => `"l${i}":1`).join(',');
    await api.post(`${api.path('configmaps')}?fieldValidation=Warn`, `{"metadata":{"name":"unknown"},${fields}}`).expect(201);
    const repeated = `metadata: {name: repeated}\n${'l: v\n'.repeat(190_000)}`;
    await api
      .raw('post', `${api.path('configmaps')}?fieldValidation=Warn`)
      .set('content-type', 'application/yaml')
      .send(repeated)
      .expect(201);
  });

  it('with very many parts that are compared with each other keeps nobody waiting', async () => {
    const many = <T>(make: (i: number) => T) => Array.from({ length: 15_000 }, (_, i) => make(i));
    const pod = (fields: object) => ({ metadata: { name: 'x' }, spec: { containers: [{ name: 'a', image: 'a', ...fields }] } });
    const bodies: [resource: string, body: object][] = [
      ['pods', pod({ env: many(() => ({ name: 'A', value: '' })) })],
      ['pods', pod({ ports: many((i) => ({ containerPort: i + 1, name: `p${i}` })) })],
      ['pods', pod({ ports: many((i) => ({ containerPort: 80, hostPort: i + 1 })) })],
      [
        'pods',
        {
          metadata: { name: 'x' },
          spec: {
            ...pod({}).spec,
            volumes: [{ name: 'v', secret: { secretName: 's', items: many((i) => ({ key: 'k', path: `p${i}` })) } }],
          },
        },
      ],
      ['pods', { metadata: { name: 'x' }, spec: { ...pod({}).spec, imagePullSecrets: many((i) => ({ name: `s${i}` })) } }],
      ['pods', { metadata: { name: 'x' }, spec: { ...pod({}).spec, hostAliases: many((i) => ({ ip: `10.0.${i >> 8}.${i & 255}` })) } }],
      ['services', { metadata: { name: 'x' }, spec: { type: 'NodePort', ports: many((i) => ({ port: i + 1, name: `p${i}` })) } }],
      ['configmaps', { metadata: { name: 'x' }, data: {}, number: '@' }],
    ];
    for (const [resource, body] of bodies) {
      const text = JSON.stringify(body).replace('"@"', '1'.repeat(1_000_000));
      await api.post(`${api.path(resource)}?dryRun=All`, text).expect(201);
    }
  });
});
