// Whatever clients send, the server knows what to say of it: no answer is a fault of its own. SEED and COUNT in the environment
// repeat a run, or make it longer; a failure names the seed.
import { Agent, request } from 'node:https';
import { expect } from 'chai';
import { apiVersionOf } from '../../src/api/meta/object.js';
import { KINDS } from '../../src/api/kinds.gen.js';
import { API_ONLY, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { seeded } from '../suites/storage.js';
import { RandomObjects } from './objects.js';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const COUNT = Number(process.env['COUNT'] ?? 600);
const PATCHES = ['merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml'];

describe('random objects of every kind', function () {
  this.timeout(60_000 + COUNT * 20);
  let cluster: TestCluster;
  let agent: Agent;
  before(async () => {
    cluster = await startTestCluster({ components: API_ONLY });
    agent = new Agent({ keepAlive: true, rejectUnauthorized: false, ...cluster.admin });
  });
  after(async () => {
    agent.destroy();
    await cluster.close();
  });

  function send(method: string, path: string, type: string, body: unknown): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const sent = request(
        new URL(path, cluster.url),
        { method, agent, headers: { 'content-type': `application/${type}` } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
        },
      );
      sent.on('error', reject).end(JSON.stringify(body));
    });
  }

  it(`are never answered with an error of the server's own (SEED=${SEED})`, async () => {
    const objects = new RandomObjects(seeded(SEED));
    for (let i = 0; i < COUNT; i++) {
      const kind = objects.pick(KINDS);
      const name = `f${objects.below(10)}`;
      const apiVersion = apiVersionOf(kind);
      const object = { ...objects.make(kind.schema), apiVersion, kind: kind.kind, metadata: { name } };
      const root = `${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}${kind.namespaced ? '/namespaces/default' : ''}/${kind.resource}`;
      const type = objects.pick(PATCHES);
      const patch = () => send('PATCH', `${root}/${name}?fieldManager=m${objects.below(3)}&force=true`, type, object);
      const act = objects.pick([
        () => send('POST', root, 'json', object),
        () => send('PUT', `${root}/${name}`, 'json', object),
        () => send('DELETE', `${root}/${name}`, 'json', {}),
        patch,
        patch,
      ]);
      const { status, text } = await act();
      // of the answer itself: a cause may be one, as upstream's is of podCIDRs that it cannot read
      const [answer] = text.split(',"details":{');
      expect(answer, JSON.stringify(object)).not.to.match(/"reason":"InternalError"/);
      expect(status).to.be.within(200, 599);
    }
  });
});
