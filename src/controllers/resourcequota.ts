// Counts what the objects of a namespace use of its ResourceQuotas; admission books what comes, this takes back what went
// (upstream's pkg/controller/resourcequota).
import {
  configmaps,
  persistentvolumeclaims,
  pods,
  replicationcontrollers,
  resourcequotas,
  secrets,
  services,
} from '../api/meta/resources.gen.js';
import type { KubeObject, Resource } from '../api/meta/object.js';
import { isPodFinished } from '../api/shared/pod/conditions.js';
import type { Quantities } from '../api/shared/pod/resources.js';
import { isAbout, isCountedBy, sum, usageOf } from '../api/shared/quota.js';
import type { Pod, PersistentVolumeClaim, ResourceQuota, Service } from '../api/types/core-v1.gen.js';
import { keyOf } from '../client/store.js';
import { equal } from '../util/equal.js';
import { type ControllerDefinition, type Environment, hasOwnObjects, type Result, watch, type Watch } from './runtime/controller.js';

/** What is not watched is counted again so often; upstream's --resource-quota-sync-period. */
const RESYNC_MS = 300_000;

/** Keeps the status of ResourceQuotas. */
export const resourcequota: ControllerDefinition = {
  name: 'resourcequota-controller',
  alias: 'resourcequota',
  create: (environment) => [
    {
      name: 'resourcequota-controller',
      for: resourcequotas,
      watches: [
        freed(environment, pods, (old: Pod, pod: Pod) => !isPodFinished(old) && isPodFinished(pod)),
        freed(environment, services, (old: Service, service: Service) => !equal(old.spec, service.spec)),
        freed(
          environment,
          persistentvolumeclaims,
          (old: PersistentVolumeClaim, claim: PersistentVolumeClaim) => !equal(old.spec, claim.spec),
        ),
        ...[configmaps, secrets, replicationcontrollers].map((resource) => freed<KubeObject>(environment, resource, () => false)),
      ],
      reconcile: (key) => reconcile(environment, key),
    },
  ],
};

/** Objects that go, or that use less than before, make room in the quotas of their namespace. */
function freed<T extends KubeObject>({ informers }: Environment, resource: Resource, isLess: (old: T, next: T) => boolean): Watch {
  return watch(resource as Resource<T>, (queue) => {
    const addAll = ({ metadata }: T) => {
      for (const quota of informers.of(resourcequotas).store.list(metadata.namespace)) queue.add(keyOf(quota));
    };
    return { delete: addAll, update: (old, next) => isLess(old, next) && addAll(next) };
  });
}

async function reconcile(environment: Environment, key: string): Promise<Result> {
  const { client, informers } = environment;
  const quota = informers.of(resourcequotas).store.get(key);
  if (!quota || quota.metadata.deletionTimestamp !== undefined) return undefined;
  const hard = quota.spec?.hard ?? {};
  const used = await usedBy(environment, quota, hard);
  const { status } = quota;
  if (!equal(status?.hard ?? {}, hard) || !equal(status?.used ?? {}, used))
    await client.update<ResourceQuota>(resourcequotas, { ...quota, status: { hard, used } }, { subresource: 'status' });
  return { after: RESYNC_MS };
}

/** @returns an amount for every limit of the quota that is about something served */
async function usedBy({ client, settings, clock }: Environment, quota: ResourceQuota, hard: Quantities): Promise<Quantities> {
  const { namespace = '' } = quota.metadata;
  const names = Object.keys(hard);
  let used: Quantities = {};
  for (const resource of settings.resources()) {
    const about = names.filter((name) => resource.namespaced && hasOwnObjects(resource) && isAbout(name, resource));
    if (about.length === 0) continue;
    used = sum(used, Object.fromEntries(about.map((name) => [name, '0'])));
    for (const object of (await client.list<KubeObject>(resource, { namespace })).items) {
      if (!isCountedBy(quota, hard, resource, object)) continue;
      const usage = Object.entries(usageOf(resource, object, clock.now()));
      used = sum(used, Object.fromEntries(usage.filter(([name]) => about.includes(name))));
    }
  }
  return used;
}
