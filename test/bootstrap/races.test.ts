import { expect } from 'chai';
import type { Definition } from '../../src/api/definition.js';
import { Definitions } from '../../src/api/definitions.js';
import { ApiError } from '../../src/api/meta/errors.js';
import type { KubeObject, Resource } from '../../src/api/meta/object.js';
import namespaces from '../../src/api/v1/namespaces.js';
import { keepNamespaces } from '../../src/bootstrap/index.js';
import type { Client } from '../../src/client/client.js';
import { systemClock } from '../../src/util/clock.js';

const refused = (reason: string) => new ApiError({ code: 409, reason, message: reason });

/** A server where somebody else makes every namespace a moment before us, `times` times over. */
function hurried(times: number, reason: string): { client: Client; creates: Map<string, number> } {
  const creates = new Map<string, number>();
  const client = {
    get: async (_: Resource, { name }: { name: string }) => {
      if ((creates.get(name) ?? 0) < times) throw refused('NotFound');
      return { metadata: { name } };
    },
    create: async (_: Resource, { metadata: { name } }: KubeObject) => {
      creates.set(name, (creates.get(name) ?? 0) + 1);
      throw refused(reason);
    },
  } as unknown as Client;
  return { client, creates };
}

describe('the objects of every cluster, while others write', () => {
  const definitions = new Definitions();
  definitions.add(namespaces as unknown as Definition);
  const addresses = { serviceClusterIPRanges: [], serviceIP: '10.0.0.1', port: 1, bindAddress: '127.0.0.1', clientCA: '' };
  const keep = (client: Client) => keepNamespaces({ ...addresses, client, definitions, clock: systemClock });

  it('are looked at again when somebody else was faster', async () => {
    const { client, creates } = hurried(1, 'AlreadyExists');
    await keep(client);
    expect([...creates.keys()].sort()).to.deep.equal(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
  });

  it('are not tried for ever, and not when they are refused', async () => {
    const always = hurried(9, 'AlreadyExists');
    expect(await keep(always.client).catch((e: Error) => e.message)).to.equal('AlreadyExists');
    expect(Math.max(...always.creates.values())).to.equal(3);
    const never = hurried(9, 'Forbidden');
    expect(await keep(never.client).catch((e: Error) => e.message)).to.equal('Forbidden');
    expect(Math.max(...never.creates.values())).to.equal(1);
  });
});
