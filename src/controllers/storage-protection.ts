// Lets go of deleted claims that no pod uses any more, of deleted volumes that no claim is bound to, and of deleted attributes
// classes that no claim or volume names; holds those that were made while nobody did.
import { isApiError } from '../api/meta/errors.js';
import type { KubeObject, Resource } from '../api/meta/object.js';
import { persistentvolumeclaims, persistentvolumes, pods, volumeattributesclasses } from '../api/meta/resources.gen.js';
import { isPodFinished } from '../api/shared/pod/conditions.js';
import { protectionFinalizer } from '../api/shared/storage.js';
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../api/types/core-v1.gen.js';
import { type ControllerDefinition, type Environment, type Watch, watchMapped } from './runtime/controller.js';

/** The users of an object, told by its key. */
type InUse = (environment: Environment, key: string) => boolean;

export const claimProtection = protection(
  'persistentvolumeclaim-protection-controller',
  'pvc-protection',
  persistentvolumeclaims,
  ({ informers }, key) =>
    informers
      .of(pods)
      .store.list(key.slice(0, key.indexOf('/')))
      .some((pod) => isUser(pod, key)),
  [watchMapped(pods, (pod) => claimsOf(pod).map((name) => `${pod.metadata.namespace}/${name}`))],
);

export const volumeProtection = protection(
  'persistentvolume-protection-controller',
  'pv-protection',
  persistentvolumes,
  ({ informers }, key) => informers.of(persistentvolumes).store.get(key)?.status.phase === 'Bound',
);

export const attributesClassProtection = protection(
  'volumeattributesclass-protection-controller',
  undefined,
  volumeattributesclasses,
  ({ informers }, name) =>
    informers
      .of(persistentvolumes)
      .store.list()
      .some((volume) => classesOfVolume(volume).includes(name)) ||
    informers
      .of(persistentvolumeclaims)
      .store.list()
      .some((claim) => classesOfClaim(claim).includes(name)),
  [watchMapped(persistentvolumes, classesOfVolume), watchMapped(persistentvolumeclaims, classesOfClaim)],
);

function protection<T extends KubeObject>(
  name: string,
  alias: string | undefined,
  resource: Resource<T>,
  inUse: InUse,
  watches: readonly Watch[] = [],
): ControllerDefinition {
  const finalizer = protectionFinalizer(resource) ?? '';
  return {
    name,
    ...(alias !== undefined && { alias }),
    create: (environment) => [
      { name, for: resource, watches, reconcile: (key) => protect(environment, resource, key, finalizer, () => inUse(environment, key)) },
    ],
  };
}

/** Adds the finalizer to an object that lives without it, and takes it from a deleted one that is not used. */
async function protect<T extends KubeObject>(
  { client, informers }: Environment,
  resource: Resource<T>,
  key: string,
  finalizer: string,
  inUse: () => boolean,
): Promise<undefined> {
  const object = informers.of(resource).store.get(key);
  if (!object) return;
  const present = object.metadata.finalizers ?? [];
  const deleted = object.metadata.deletionTimestamp !== undefined;
  if (deleted !== present.includes(finalizer) || (deleted && inUse())) return;
  const finalizers = deleted ? present.filter((f) => f !== finalizer) : [...present, finalizer];
  try {
    await client.update(resource, { ...object, metadata: { ...object.metadata, finalizers } });
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

function classesOfVolume({ spec }: PersistentVolume): string[] {
  return spec.volumeAttributesClassName ? [spec.volumeAttributesClassName] : [];
}

/** The attributes classes a claim asks for, has, or is on the way to. */
function classesOfClaim({ spec, status }: PersistentVolumeClaim): string[] {
  const names = [
    spec.volumeAttributesClassName,
    status.currentVolumeAttributesClassName,
    status.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return names.flatMap((name) => (name ? [name] : []));
}
