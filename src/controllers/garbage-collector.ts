// Garbage collection: objects whose owners have gone are deleted, and owners deleted in the foreground wait for their
// dependents (upstream's pkg/controller/garbagecollector). Where upstream keeps a graph of all objects, this one asks the
// informers' indexes; see garbage-collector/monitors.ts.
//
//   an owner goes (background)        → each dependent is looked at: no owner left → deleted
//   an owner is deleted (foreground)  → dependents are deleted; the last blocking one's going frees the owner
//   an owner is deleted (orphan)      → dependents lose their reference, then the owner is freed
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../api/meta/metadata.js';
import { type KubeObject, type OwnerReference, uidOf } from '../api/meta/object.js';
import { Collector, isDeletedWith } from './garbage-collector/collector.js';
import { type Item, itemKey, type Listener, Monitors } from './garbage-collector/monitors.js';
import type { Controller, ControllerDefinition, Enqueue, Environment } from './runtime/controller.js';

const WORKERS = 20;

/** Deletes what no one owns any more. */
export const garbageCollector: ControllerDefinition = {
  name: 'garbage-collector-controller',
  alias: 'garbagecollector',
  create: (environment) => garbageCollectorControllers(environment),
};

/** Filled in when the controllers are started. */
interface Queues {
  collect: Enqueue;
  orphan: Enqueue;
}

function garbageCollectorControllers(environment: Environment): Controller[] {
  const idle: Enqueue = { add() {}, addAfter() {} };
  const queues: Queues = { collect: idle, orphan: idle };
  const monitors: Monitors = new Monitors(
    environment,
    listener(() => monitors, queues),
  );
  const collector = new Collector(environment, monitors);
  return [
    // what may have lost its owners
    {
      workers: WORKERS,
      start: (queue) => void (queues.collect = queue),
      reconcile: (key, signal) => collector.collect(key, queues.collect, signal),
    },
    // owners that go and leave their dependents
    {
      workers: WORKERS,
      start: (queue) => void (queues.orphan = queue),
      reconcile: (key, signal) => collector.orphan(key, signal),
    },
    // which resources there are
    {
      workers: 1,
      initial: [''],
      start: (queue) => environment.settings.onResourcesChange(() => queue.add('')),
      reconcile: async () => {
        await monitors.refresh();
        return undefined;
      },
    },
  ];
}

/** Which changes make an object worth looking at. */
function listener(monitors: () => Monitors, queues: Queues): Listener {
  const look = (item: Item | undefined) => item && queues.collect.add(itemKey(item));

  /** An owner that is not where the reference says may be gone, or never was. */
  const lookForOwners = (item: Item, references: readonly OwnerReference[] | undefined) => {
    if (references?.some((ref) => !monitors().owner(ref, item.object.metadata.namespace))) look(item);
  };

  const lookAtDeletion = (item: Item, old: KubeObject | undefined) => {
    const begins = (finalizer: string) => isDeletedWith(item.object, finalizer) && !(old && isDeletedWith(old, finalizer));
    if (begins(ORPHAN_FINALIZER)) queues.orphan.add(itemKey(item));
    else if (begins(FOREGROUND_FINALIZER)) {
      for (const dependent of monitors().dependents(uidOf(item.object))) look(dependent);
      look(item);
    }
  };

  return {
    added(item) {
      lookForOwners(item, item.object.metadata.ownerReferences);
      lookAtDeletion(item, undefined);
    },
    updated(item, old) {
      const references = item.object.metadata.ownerReferences ?? [];
      const before = old.metadata.ownerReferences ?? [];
      if (references.length > 0)
        lookForOwners(
          item,
          references.filter((ref) => !before.some((b) => b.uid === ref.uid)),
        );
      for (const ref of before)
        if (ref.blockOwnerDeletion && !references.some((r) => r.uid === ref.uid && r.blockOwnerDeletion))
          look(waitingOwner(monitors(), ref, item));
      lookAtDeletion(item, old);
    },
    deleted(item) {
      for (const dependent of monitors().dependents(uidOf(item.object))) look(dependent);
      for (const ref of item.object.metadata.ownerReferences ?? []) look(waitingOwner(monitors(), ref, item));
    },
  };
}

/** The owner, if it waits for its dependents. */
function waitingOwner(monitors: Monitors, ref: OwnerReference, { object }: Item): Item | undefined {
  const owner = monitors.owner(ref, object.metadata.namespace);
  return owner && isDeletedWith(owner.object, FOREGROUND_FINALIZER) ? owner : undefined;
}
