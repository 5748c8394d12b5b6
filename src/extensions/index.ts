// Custom resources: follows the CustomResourceDefinitions, says in their status what becomes of them, and has the registry
// serve what they define. In upstream these are controllers inside kube-apiserver, so they run wherever the API is served.
//
// resource.ts makes the definitions; naming.ts decides on names; this file does one definition at a time, in the order in
// which they changed.
import type { Context } from '../api/context.js';
import * as errors from '../api/meta/errors.js';
import { customresourcedefinitions as CRDS } from '../api/meta/resources.gen.js';
import { CLEANUP_FINALIZER, type Condition, conditionOf, isTrue, setCondition } from '../api/structural/conditions.js';
import type { CustomResourceDefinition } from '../api/types/apiextensions-v1.gen.js';
import type { ObjectItem } from '../registry/item.js';
import type { Registry } from '../registry/registry.js';
import { type Clock, timestamp } from '../util/clock.js';
import { copy, equal } from '../util/equal.js';
import type { Logger } from '../util/log.js';
import type { Change } from '../watch/change.js';
import type { Watcher } from '../watch/watcher.js';
import { syncApiServices } from './api-services.js';
import { ESTABLISHED, installing, isNamed, isServable, nameOf, otherConditions } from './naming.js';
import { resourceOf } from './resource.js';

/** As this user the server writes what belongs to itself. */
const USER = { username: 'system:apiserver', groups: ['system:masters'] };
/** How long after an error a definition is tried again. */
const RETRY_MS = 1_000;

/** Where resources are served, and by which time. */
export interface ExtensionsOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What of a definition decides how its resource is served. */
type ServedForm = ReturnType<typeof servedForm>;

function servedForm({ metadata, spec, status }: CustomResourceDefinition) {
  return { uid: metadata.uid, spec, names: status.acceptedNames };
}

/** Keeps the served resources in step with the definitions. */
export class Extensions {
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Names of definitions to look at, in order. */
  readonly #queue = new Set<string>();
  /** What is served, by the name of its definition: as the definition was. */
  readonly #served = new Map<string, ServedForm>();
  #watcher: Watcher<ObjectItem> | undefined;
  #working: Promise<void> | undefined;
  #stopped = false;

  constructor({ registry, clock, logger }: ExtensionsOptions) {
    this.#registry = registry;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Serves what is defined already; from then on follows every change. */
  async start(): Promise<void> {
    await this.#serve(...this.#registry.list(CRDS).filter(isServable));
    const store = this.#registry.store(CRDS);
    this.#watcher = store.cache.watch({
      prefix: store.prefix,
      after: 'now',
      initial: true,
      sink: {
        events: (changes) => this.#take(changes),
        expired: () => this.#logger.error('the definitions of custom resources are no longer followed'),
      },
    });
  }

  /** Ends when the definition under way is done. What is served stays. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#watcher?.stop();
    await this.#working;
  }

  #take(changes: readonly Change<ObjectItem>[]): boolean {
    for (const { item } of changes) this.#queue.add(item.name);
    this.#work();
    return true;
  }

  #work(): void {
    this.#working ??= this.#drain().finally(() => {
      this.#working = undefined;
      if (this.#queue.size > 0 && !this.#stopped) this.#work();
    });
  }

  async #drain(): Promise<void> {
    for (const name of this.#queue) {
      if (this.#stopped) return;
      this.#queue.delete(name);
      try {
        await this.#sync(name);
      } catch (error) {
        // deleted or changed meanwhile: its next change brings it here again
        if (errors.isApiError(error, 'NotFound') || errors.isApiError(error, 'Conflict')) continue;
        this.#logger.error('a custom resource could not be set up', { name, error });
        this.#retry(name);
      }
    }
  }

  #retry(name: string): void {
    this.#clock.after(RETRY_MS, () => {
      if (this.#stopped) return;
      this.#queue.add(name);
      this.#work();
    });
  }

  async #sync(name: string): Promise<void> {
    const crd = this.#registry.get(CRDS, '', name);
    if (!crd) return await this.#retire(name);
    await this.#updateConditions(crd);
    const named = this.#registry.get(CRDS, '', name);
    if (!named) return;
    if (isServable(named)) await this.#serve(named);
    if (isTrue(named, 'NamesAccepted') && !isTrue(named, 'Established') && !named.metadata.deletionTimestamp)
      await this.#updateStatus(named, [ESTABLISHED]);
    if (named.metadata.deletionTimestamp && named.metadata.finalizers?.includes(CLEANUP_FINALIZER)) await this.#cleanUp(name);
  }

  /** Names and what else the conditions say. */
  async #updateConditions(crd: CustomResourceDefinition): Promise<void> {
    const conditions = otherConditions(crd);
    const removed = ['NonStructuralSchema'].filter((type) => !conditions.some((c) => c.type === type));
    if (isNamed(crd)) return void (await this.#updateStatus(crd, conditions, { removed }));
    const others = this.#inGroup(crd.spec.group).filter((o) => o.metadata.name !== crd.metadata.name);
    const { accepted, condition } = nameOf(crd, others);
    const established = installing(crd, condition.status === 'True');
    const changed = await this.#updateStatus(crd, [condition, established, ...conditions], { removed, accepted });
    // names that were given up are free for others
    if (changed) this.#requeue(others);
  }

  #inGroup(group: string): CustomResourceDefinition[] {
    return this.#registry.list(CRDS).filter(({ spec }) => spec.group === group);
  }

  /** Those whose names were not free have another look. */
  #requeue(crds: readonly CustomResourceDefinition[]): void {
    for (const crd of crds) if (!isTrue(crd, 'NamesAccepted')) this.#queue.add(crd.metadata.name);
  }

  /** Writes the status where it says something new. @returns whether it does */
  async #updateStatus(
    crd: CustomResourceDefinition,
    conditions: readonly Condition[],
    { removed = [], accepted }: { removed?: readonly string[]; accepted?: CustomResourceDefinition['status']['acceptedNames'] } = {},
  ): Promise<boolean> {
    const isNew = (c: Condition): boolean => {
      const old = conditionOf(crd, c.type);
      return !old || old.status !== c.status || old.reason !== c.reason || old.message !== c.message;
    };
    const changed = conditions.filter(isNew);
    const gone = removed.filter((type) => conditionOf(crd, type));
    const renamed = accepted && !equal(accepted, crd.status.acceptedNames);
    if (changed.length === 0 && gone.length === 0 && !renamed) return false;
    await this.#change(crd.metadata.name, ({ status }) => {
      if (accepted) status.acceptedNames = accepted;
      if (gone.length > 0) status.conditions = status.conditions?.filter((c) => !gone.includes(c.type));
      for (const condition of changed) setCondition(status, condition, this.#now());
    });
    return true;
  }

  #now(): string {
    return timestamp(this.#clock.now());
  }

  /** Writes the status of a definition, which the server manages. */
  async #change(name: string, change: (crd: CustomResourceDefinition) => void): Promise<void> {
    const context = { ...this.#context(), subresource: 'status' };
    await this.#registry.store(CRDS).update(context, { namespace: '', name }, (current) => {
      if (!current) throw errors.notFound(CRDS, name);
      const next = copy(current) as CustomResourceDefinition;
      change(next);
      return next;
    });
  }

  #context(): Context {
    return this.#registry.context({ user: USER, fieldManager: 'kube-apiserver' });
  }

  async #serve(...crds: readonly CustomResourceDefinition[]): Promise<void> {
    const changed = crds.filter((crd) => !equal(this.#served.get(crd.metadata.name), servedForm(crd)) && !this.#isBuiltIn(crd));
    if (changed.length === 0) return;
    await this.#registry.serve(...changed.map(resourceOf));
    for (const crd of changed) this.#served.set(crd.metadata.name, servedForm(crd));
    for (const group of new Set(changed.map((crd) => crd.spec.group))) await syncApiServices(this.#registry, this.#context(), group);
  }

  /** What the server has of itself, no definition replaces. */
  #isBuiltIn({ metadata, spec }: CustomResourceDefinition): boolean {
    return (
      !this.#served.has(metadata.name) &&
      this.#registry.definitions.all().some((d) => d.group === spec.group && d.resource === spec.names.plural)
    );
  }

  async #retire(name: string): Promise<void> {
    const served = this.#served.get(name);
    if (!served) return;
    this.#served.delete(name);
    const { group, names } = served.spec;
    this.#registry.retire({ group, resource: names.plural });
    await syncApiServices(this.#registry, this.#context(), group);
    this.#requeue(this.#inGroup(group));
  }

  /** The objects of a definition that is deleted go first. Those that are held keep it until they are gone. */
  async #cleanUp(name: string): Promise<void> {
    await this.#change(name, ({ status }) =>
      setCondition(status, terminating('True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress'), this.#now()),
    );
    const served = this.#served.get(name);
    const crd = this.#registry.get(CRDS, '', name);
    if (!crd) return;
    let done = terminating('False', 'NeverEstablished', 'resource was never established');
    if (served && isTrue(crd, 'Established')) {
      if ((await this.#deleteObjects(crd)) > 0) return this.#retry(name);
      done = terminating('False', 'InstanceDeletionCompleted', 'removed all instances');
    }
    await this.#change(name, (next) => {
      setCondition(next.status, done, this.#now());
      next.metadata.finalizers = next.metadata.finalizers?.filter((f) => f !== CLEANUP_FINALIZER);
    });
  }

  /** @returns how many are left */
  async #deleteObjects(crd: CustomResourceDefinition): Promise<number> {
    const version = crd.spec.versions.find((v) => v.served);
    if (!version) return 0;
    const store = this.#registry.store({ group: crd.spec.group, version: version.name, resource: crd.spec.names.plural });
    for (const item of store.cache.range(store.prefix)) {
      try {
        await store.delete(this.#context(), item, {});
      } catch (e) {
        if (!errors.isApiError(e, 'NotFound')) throw e;
      }
    }
    return store.cache.range(store.prefix).length;
  }
}

function terminating(status: string, reason: string, message: string): Condition {
  return { type: 'Terminating', status, reason, message };
}
