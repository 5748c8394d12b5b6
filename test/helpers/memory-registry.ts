import { createAdmission } from '../../src/admission/index.js';
import type { Services } from '../../src/api/context.js';
import type { Definitions } from '../../src/api/definitions.js';
import type { Draft } from '../../src/api/meta/object.js';
import { namespaces, servicecidrs } from '../../src/api/meta/resources.gen.js';
import type { ServiceCIDR } from '../../src/api/types/networking-v1.gen.js';
import { LocalClient } from '../../src/client/local.js';
import { resolveOptions, type Settings } from '../../src/options.js';
import { Registry } from '../../src/registry/registry.js';
import { openMemory } from '../../src/storage/memory.js';
import type { Clock } from '../../src/util/clock.js';
import { Feed } from '../../src/watch/feed.js';

export interface MemoryRegistry {
  readonly client: LocalClient;
  readonly settings: Settings;
  readonly close: () => Promise<void>;
}

/**
 * Opens a registry in memory where everybody may do everything, with the `default` namespace and a range for Services.
 * @param definitions those of namespaces, ServiceCIDRs and IPAddresses among them
 * @param disabled admission steps that are left out
 */
export async function openRegistry(definitions: Definitions, clock: Clock, disabled: readonly string[] = []): Promise<MemoryRegistry> {
  const storage = openMemory();
  const registry = new Registry({ definitions, storage, admission: await createAdmission({ enable: [], disable: disabled }) });
  const feed = new Feed({ storage });
  const client = new LocalClient(registry, 'test');
  const settings = resolveOptions({ memory: true });
  const services: Services = {
    clock,
    random: Math.random,
    reader: registry,
    writer: registry,
    own: client.as('kube-apiserver'),
    authorizer: { authorize: () => ({ decision: 'allow', reason: '' }) },
    tokens: { authenticate: () => Promise.resolve(undefined) },
    resourceOf: (kind) => definitions.byKind(kind),
    settings,
  };
  registry.services = services;
  await registry.open(feed);
  await client.create(namespaces, { metadata: { name: 'default' } });
  const spec = { cidrs: [...settings.serviceClusterIPRanges] };
  await client.create<ServiceCIDR>(servicecidrs, { metadata: { name: 'kubernetes' }, spec } as Draft<ServiceCIDR>);
  const close = async () => {
    feed.stop();
    await storage.close();
  };
  return { client, settings, close };
}
