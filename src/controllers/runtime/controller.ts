// What a controller is, and what runs it. A controller says whose keys it works on and what makes a key worth working on;
// `reconcile` reads all it needs and writes the difference, and may run any number of times.
import { ApiError } from '../../api/meta/errors.js';
import { apiVersionOf, type KubeObject, type Resource } from '../../api/meta/object.js';
import type { Client } from '../../client/client.js';
import type { EventRecorder } from '../../client/event-recorder.js';
import type { InformerHandler } from '../../client/informer.js';
import type { Informers } from '../../client/informers.js';
import { keyOf } from '../../client/store.js';
import type { Clock, Timer } from '../../util/clock.js';
import type { Logger } from '../../util/log.js';
import { controllerOf } from './owners.js';
import { WorkQueue } from './queue.js';

/** What a controller is given to work with. */
export interface Environment {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Records under the controller's name as source. */
  readonly recorder: EventRecorder;
  readonly settings: ControllerSettings;
}

/** What the controllers need to know about the cluster. */
export interface ControllerSettings {
  /** PEM of the CA that clients in pods should trust. */
  readonly rootCA: string;
  /** One or two CIDRs. */
  readonly serviceClusterIPRanges: readonly string[];
  /** Signs the token that a Secret is to hold. */
  readonly secretToken: (names: SecretTokenNames) => Promise<string>;
  /** Every resource that is served at this moment, in all its versions; CRDs come and go. */
  resources(): readonly ServedResource[];
  /** Calls `listener` when that has changed. */
  onResourcesChange(listener: () => void): void;
}

/** Whose token it is, and where it is kept. */
export interface SecretTokenNames {
  readonly namespace: string;
  readonly secret: string;
  readonly account: string;
  /** Of the account. */
  readonly uid: string;
}

/** A resource the server serves, and what can be done with it. */
export interface ServedResource extends Resource {
  readonly verbs: readonly string[];
  /** The resource that has the objects, where it is another one: another version, or another group. */
  readonly storedAs?: { readonly group: string; readonly version: string; readonly resource: string };
}

/** Whether the resource has objects of its own: whoever goes through all objects need not look at the others. */
export function hasOwnObjects({ group, version, resource, storedAs }: ServedResource): boolean {
  return !storedAs || (storedAs.group === group && storedAs.version === version && storedAs.resource === resource);
}

/** A controller as the list of controllers has it. */
export interface ControllerDefinition {
  /** As in `--controllers`; upstream's. */
  readonly name: string;
  /** Upstream's older name. */
  readonly alias?: string;
  /** `*` does not mean it: it must be named. */
  readonly offByDefault?: true;
  /** `source.component` of its events; upstream's. Default: the name. */
  readonly source?: string;
  create(environment: Environment): readonly Controller[];
}

/** Nothing, or: come back after so many milliseconds even if nothing happens. */
export type Result = { readonly after: number } | undefined;

/** The controller's own queue, as handlers see it. */
export type Enqueue = Pick<WorkQueue, 'add' | 'addAfter'>;

/** Something that happens to objects of another resource and concerns the controller's keys. */
export interface Watch {
  listen(informers: Informers, queue: Enqueue): void;
  /** What must have been listed before the first reconcile. */
  readonly resource: Resource;
}

/** What a controller works on, what makes it look again, and what it does. */
export interface Controller {
  /** How many keys are worked on at the same time; default 5, upstream's for most controllers. */
  readonly workers?: number;
  /** After so many failures in a row a key waits for the next change instead of the next try. Default: never. */
  readonly maxRetries?: number;
  /** Milliseconds a key rests after it was worked on, so that a storm of changes costs few rounds. Default 0. */
  readonly rest?: number;
  /** Every change of an object of this resource adds its key. */
  readonly for?: Resource;
  /** Every so many milliseconds all objects of that resource are looked at. Default: never. */
  readonly resync?: number;
  /** Every change of an object whose controlling owner is of the `for` kind adds the owner's key. */
  readonly owns?: readonly Resource[];
  readonly watches?: readonly Watch[];
  /** Is given the queue before anything is in it, for controllers that find their keys in other ways. */
  start?(queue: Enqueue): void;
  /** Keys to begin with, for controllers that work by the clock. */
  readonly initial?: readonly string[];
  /**
   * Brings the world to what the object of the key asks for. Rejects to be tried again with back-off; with TerminalError
   * not to be. The signal is aborted when the controller is stopped, for whoever has to wait.
   */
  reconcile(key: string, signal: AbortSignal): Promise<Result>;
}

/** Trying again without a change would fail the same way. */
export class TerminalError extends Error {}

/** What is waited for has not happened: to be tried again with back-off, and nobody's fault. */
export class NotYetError extends Error {}

/** Watches a resource with a handler that is told the queue. */
export function watch<T extends KubeObject>(resource: Resource<T>, handler: (queue: Enqueue) => InformerHandler<T>): Watch {
  return { resource, listen: (informers, queue) => void informers.of(resource).addHandler(handler(queue)) };
}

/** Adds the keys that `map` gives for an object, at every change and for both its old and its new state. */
export function watchMapped<T extends KubeObject>(resource: Resource<T>, map: (object: T) => Iterable<string>): Watch {
  return watch(resource, (queue) => {
    const add = (object: T) => {
      for (const key of map(object)) queue.add(key);
    };
    return {
      add,
      delete: add,
      update(old, object) {
        add(old);
        add(object);
      },
    };
  });
}

/** A controller at work. */
export interface Running {
  /** Resolves when no reconcile runs any more. */
  stop(): Promise<void>;
}

/** Starts the controller: its informers first, then its workers. */
export function run(controller: Controller, environment: Pick<Environment, 'informers' | 'clock' | 'logger'>): Running {
  const { informers, clock } = environment;
  const queue = new WorkQueue(clock);
  const abort = new AbortController();
  controller.start?.(queue);
  const watches = allWatches(controller);
  for (const w of watches) w.listen(informers, queue);
  const resync = resynced(controller, environment, queue);
  const work = async () => {
    const synced = Promise.all(watches.map((w) => informers.of(w.resource).synced));
    const ready = await Promise.race([synced, aborted(abort.signal)]);
    if (!ready || ready.includes(false)) return;
    for (const key of controller.initial ?? []) queue.add(key);
    await Promise.all(Array.from({ length: controller.workers ?? 5 }, () => worker(controller, queue, environment, abort.signal)));
  };
  const done = work();
  return {
    stop: async () => {
      resync?.cancel();
      queue.close();
      abort.abort();
      await done;
    },
  };
}

function resynced(
  { for: own, resync }: Controller,
  { informers, clock }: Pick<Environment, 'informers' | 'clock'>,
  queue: Enqueue,
): Timer | undefined {
  if (!own || resync === undefined) return undefined;
  let timer: Timer;
  const again = () => {
    for (const object of informers.of(own).store.list()) queue.add(keyOf(object));
    timer = clock.after(resync, again);
  };
  timer = clock.after(resync, again);
  return { cancel: () => timer.cancel() };
}

const abortions = new WeakMap<AbortSignal, Promise<undefined>>();

/** Resolves when the signal is aborted: one promise and one listener for all who wait. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  let abortion = abortions.get(signal);
  if (!abortion) {
    abortion = new Promise((resolve) => {
      if (signal.aborted) resolve(undefined);
      else signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    abortions.set(signal, abortion);
  }
  return abortion;
}

function allWatches(controller: Controller): readonly Watch[] {
  const own = controller.for;
  const watches: Watch[] = [...(controller.watches ?? [])];
  if (!own) return watches;
  watches.push(
    watch(own, (queue) => ({ add: (o) => queue.add(keyOf(o)), update: (_, o) => queue.add(keyOf(o)), delete: (o) => queue.add(keyOf(o)) })),
  );
  for (const owned of controller.owns ?? []) watches.push(watchMapped(owned, (object) => ownerKeys(own, object)));
  return watches;
}

function ownerKeys(kind: Resource, object: KubeObject): string[] {
  const ref = controllerOf(object);
  if (ref?.kind !== kind.kind || ref.apiVersion !== apiVersionOf(kind)) return [];
  return [kind.namespaced ? `${object.metadata.namespace}/${ref.name}` : ref.name];
}

async function worker(
  controller: Controller,
  queue: WorkQueue,
  environment: Pick<Environment, 'clock' | 'logger'>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, logger } = environment;
  for (;;) {
    const key = await queue.get();
    if (key === undefined) return;
    try {
      const result = await controller.reconcile(key, signal);
      queue.forget(key);
      if (result) queue.addAfter(key, result.after);
    } catch (error) {
      retry(controller, queue, logger, key, error);
    } finally {
      // a key that rests counts as worked on: what is added meanwhile waits
      if (controller.rest) clock.after(controller.rest, () => queue.done(key));
      else queue.done(key);
    }
  }
}

function retry(controller: Controller, queue: WorkQueue, logger: Logger, key: string, error: unknown): void {
  const final = error instanceof TerminalError || queue.failures(key) >= (controller.maxRetries ?? Number.POSITIVE_INFINITY);
  // what the API refuses is part of life (conflicts above all); anything else is our own fault
  if (error instanceof ApiError || error instanceof NotYetError)
    logger.debug('reconcile was refused', { key, error: error.message, final });
  else logger.error('reconcile failed', { key, error, final });
  if (final) queue.forget(key);
  else queue.addRateLimited(key);
}
