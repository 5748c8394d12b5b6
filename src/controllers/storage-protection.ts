// Lets go of deleted claims that no pod uses any more, and of deleted volumes that no claim is bound to.
import { isApiError } from '../api/meta/errors.js';
import type { KubeObject, Resource } from '../api/meta/object.js';
import { persistentvolumeclaims, persistentvolumes, pods } from '../api/meta/resources.gen.js';
import { isPodFinished } from '../api/shared/pod/conditions.js';
import type { Pod } from '../api/types/core-v1.gen.js';
import { type ControllerDefinition, type Environment, watchMapped } from './runtime/controller.js';

const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection';
const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';

export const claimProtection: ControllerDefinition = {
  name: 'persistentvolumeclaim-protection-controller',
  alias: 'pvc-protection',
  create: (environment) => [
    {
      name: 'persistentvolumeclaim-protection-controller',
      for: persistentvolumeclaims,
      watches: [watchMapped(pods, (pod) => claimsOf(pod).map((name) => `${pod.metadata.namespace}/${name}`))],
      reconcile: (key) => {
        const namespace = key.slice(0, key.indexOf('/'));
        const inUse = () =>
          environment.informers
            .of(pods)
            .store.list()
            .some((pod) => pod.metadata.namespace === namespace && isUser(pod, key));
        return release(environment, persistentvolumeclaims, key, CLAIM_FINALIZER, inUse);
      },
    },
  ],
};

export const volumeProtection: ControllerDefinition = {
  name: 'persistentvolume-protection-controller',
  alias: 'pv-protection',
  create: (environment) => [
    {
      name: 'persistentvolume-protection-controller',
      for: persistentvolumes,
      reconcile: (key) => {
        const bound = () => environment.informers.of(persistentvolumes).store.get(key)?.status.phase === 'Bound';
        return release(environment, persistentvolumes, key, VOLUME_FINALIZER, bound);
      },
    },
  ],
};

async function release<T extends KubeObject>(
  { client, informers }: Environment,
  resource: Resource<T>,
  key: string,
  finalizer: string,
  inUse: () => boolean,
): Promise<undefined> {
  const object = informers.of(resource).store.get(key);
  const { metadata } = object ?? {};
  if (!object || metadata?.deletionTimestamp === undefined || !metadata.finalizers?.includes(finalizer) || inUse()) return;
  try {
    await client.update(resource, { ...object, metadata: { ...metadata, finalizers: metadata.finalizers.filter((f) => f !== finalizer) } });
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
  }
}

/** The claims a pod uses, those made for its ephemeral volumes among them. */
function claimsOf({ metadata, spec }: Pod): string[] {
  return (spec.volumes ?? []).flatMap((volume) => {
    if (volume.persistentVolumeClaim) return [volume.persistentVolumeClaim.claimName];
    return volume.ephemeral ? [`${metadata.name}-${volume.name}`] : [];
  });
}

/** A pod uses a claim from its assignment to a node until it has ended. */
function isUser(pod: Pod, key: string): boolean {
  return Boolean(pod.spec.nodeName) && !isPodFinished(pod) && claimsOf(pod).some((name) => `${pod.metadata.namespace}/${name}` === key);
}
