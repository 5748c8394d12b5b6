// Which changes of pods concern which ReplicaSet.
import { pods } from '../../api/meta/resources.gen.js';
import { isPodReady } from '../../api/shared/pod/conditions.js';
import type { Pod } from '../../api/types/core-v1.gen.js';
import { type OwnerReference, uidOf } from '../../api/meta/object.js';
import { keyOf } from '../../client/store.js';
import { equal } from '../../util/equal.js';
import { type Enqueue, type Environment, type Watch, watch } from '../runtime/controller.js';
import type { Expectations } from '../runtime/expectations.js';
import { controllerOf } from '../runtime/owners.js';
import type { ReplicatedKind } from './controller.js';
import type { Replicated } from './status.js';

/** Adds the owners of changed pods, and tells the expectations what was seen. */
export function podWatch<T extends Replicated>(environment: Environment, kind: ReplicatedKind<T>, expectations: Expectations): Watch {
  const owners = environment.informers.of(kind.resource).store;

  const ownerOf = (namespace: string | undefined, ref: OwnerReference | undefined): T | undefined => {
    if (ref?.kind !== kind.resource.kind) return undefined;
    const owner = owners.get(`${namespace}/${ref.name}`);
    return owner?.metadata.uid === ref.uid ? owner : undefined;
  };

  const leaving = (queue: Enqueue, pod: Pod) => {
    const owner = ownerOf(pod.metadata.namespace, controllerOf(pod));
    if (!owner) return;
    expectations.deleted(keyOf(owner), uidOf(pod));
    queue.add(keyOf(owner));
  };

  /** Someone may want to adopt it. */
  const orphan = (queue: Enqueue, pod: Pod) => {
    for (const owner of owners.list(pod.metadata.namespace)) if (kind.matcher(owner)(pod.metadata.labels)) queue.add(keyOf(owner));
  };

  const added = (queue: Enqueue, pod: Pod) => {
    if (pod.metadata.deletionTimestamp !== undefined) return leaving(queue, pod);
    const ref = controllerOf(pod);
    if (!ref) return orphan(queue, pod);
    const owner = ownerOf(pod.metadata.namespace, ref);
    if (!owner) return;
    expectations.created(keyOf(owner));
    queue.add(keyOf(owner));
  };

  const updated = (queue: Enqueue, old: Pod, pod: Pod) => {
    // a pod counts as gone from the moment it is being deleted
    if (pod.metadata.deletionTimestamp !== undefined) return leaving(queue, pod);
    const ref = controllerOf(pod);
    const oldRef = controllerOf(old);
    const moved = ref?.uid !== oldRef?.uid;
    const oldOwner = moved ? ownerOf(old.metadata.namespace, oldRef) : undefined;
    if (oldOwner) queue.add(keyOf(oldOwner));
    if (!ref) {
      if (moved || !equal(old.metadata.labels, pod.metadata.labels)) orphan(queue, pod);
      return;
    }
    const owner = ownerOf(pod.metadata.namespace, ref);
    if (!owner) return;
    queue.add(keyOf(owner));
    const minReady = owner.spec.minReadySeconds ?? 0;
    if (minReady > 0 && isPodReady(pod) && !isPodReady(old)) queue.addAfter(keyOf(owner), minReady * 1000);
  };

  return watch(pods, (queue) => ({
    add: (pod) => added(queue, pod),
    update: (old, pod) => updated(queue, old, pod),
    delete: (pod) => leaving(queue, pod),
  }));
}
