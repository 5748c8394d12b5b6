import { expect } from 'chai';
import { Definitions } from '../../src/api/definitions.js';
import { KINDS } from '../../src/api/kinds.gen.js';
import type { Draft } from '../../src/api/meta/object.js';
import { deployments } from '../../src/api/meta/resources.gen.js';
import type { Deployment } from '../../src/api/types/apps-v1.gen.js';
import type { Scale } from '../../src/api/types/autoscaling-v1.gen.js';
import { VirtualClock } from '../../src/util/clock.js';
import { type MemoryRegistry, openRegistry } from '../helpers/memory-registry.js';
import { refusalOf } from '../helpers/refusal.js';

const KEY = { namespace: 'default', name: 'web' };
const draft = {
  metadata: KEY,
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'main:1' }] } },
  },
} as unknown as Draft<Deployment>;

describe('the client inside the process', () => {
  let registry: MemoryRegistry;

  before(async () => {
    registry = await openRegistry(new Definitions(KINDS), new VirtualClock(), ['ServiceAccount']);
  });
  after(() => registry.close());

  it('writes through a scale, and is refused where the object was written since', async () => {
    const { client } = registry;
    await client.create(deployments, draft);
    const read = async () => (await client.get(deployments, KEY, { subresource: 'scale' })) as unknown as Scale;
    const write = (scale: Scale, replicas: number) =>
      client.update(deployments, { ...scale, spec: { replicas } } as unknown as Deployment, { subresource: 'scale' });
    const first = await read();
    await write(first, 3);
    expect((await client.get(deployments, KEY)).spec.replicas).to.equal(3);
    expect((await refusalOf(write(first, 5))).status).to.include({ code: 409, reason: 'Conflict' });
    await write({ ...(await read()), metadata: { ...first.metadata, resourceVersion: '' } }, 2);
    expect((await client.get(deployments, KEY)).spec.replicas).to.equal(2);
  });
});
