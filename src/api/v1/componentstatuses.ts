import type { Services } from '../context.js';
import { define } from '../definition.js';
import { leases } from '../meta/resources.gen.js';
import type { ComponentStatus } from '../types/core-v1.gen.js';

/** Components that hold a lease while they run, by the names this old kind has for them. */
const LEASES = { 'controller-manager': 'kube-controller-manager', scheduler: 'kube-scheduler' } as const;

/**
 * Deprecated upstream, where the server asks the health ports of its fellow components. Here the storage is part of the
 * server, which answers; of the others it says what their leases tell.
 */
export default define<ComponentStatus>({
  group: '',
  version: 'v1',
  resource: 'componentstatuses',
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  compute: (services) => [
    ...Object.entries(LEASES).flatMap(([name, lease]) => fromLease(name, lease, services)),
    status('etcd-0', true, 'ok'),
  ],
  row: ({ metadata, conditions = [] }) => {
    const healthy = conditions.find(({ type }) => type === 'Healthy');
    const state = healthy ? (healthy.status === 'True' ? 'Healthy' : 'Unhealthy') : 'Unknown';
    return [metadata.name, state, healthy?.message ?? '', healthy?.error ?? ''];
  },
});

function fromLease(name: string, leaseName: string, { reader, clock }: Services): ComponentStatus[] {
  const lease = reader.get(leases, 'kube-system', leaseName);
  if (!lease) return [];
  const { holderIdentity = '', renewTime, leaseDurationSeconds = 0 } = lease.spec;
  const alive = renewTime !== undefined && Date.parse(renewTime) + leaseDurationSeconds * 1000 >= clock.now();
  return [status(name, alive, alive ? 'ok' : `${holderIdentity} has not renewed its lease since ${renewTime}`)];
}

function status(name: string, healthy: boolean, message: string): ComponentStatus {
  return {
    apiVersion: 'v1',
    kind: 'ComponentStatus',
    metadata: { name },
    conditions: [{ type: 'Healthy', status: healthy ? 'True' : 'False', message }],
  };
}
