// Writes EndpointSlices, which have names of chance: nothing may be planned before the local copy shows the last writes.
import { isApiError } from '../../api/meta/errors.js';
import { endpointslices } from '../../api/meta/resources.gen.js';
import { SLICE_MANAGED_BY_LABEL } from '../../api/meta/well-known.js';
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.js';
import type { Environment } from '../runtime/controller.js';
import { isNamespaceTerminating } from '../runtime/pod-writer.js';
import type { Plan } from './slices.js';

export const SERVICE_NAME = 'kubernetes.io/service-name';
const BY_SERVICE = 'service';

/** The slices one controller manages: which are there, and the writing of plans. */
export class SliceWriter {
  readonly #environment: Environment;
  readonly #manager: string;
  /** By owner: the revision of its last write. */
  readonly #written = new Map<string, number>();

  /** @param manager the label value by which the slices of this controller are known */
  constructor(environment: Environment, manager: string) {
    this.#environment = environment;
    this.#manager = manager;
    environment.informers
      .of(endpointslices)
      .addIndex(BY_SERVICE, ({ metadata: { namespace, labels } }) => `${namespace}/${labels?.[SERVICE_NAME]}`);
  }

  /** The controller's slices of a Service; undefined while the local copy does not show the last writes (they will come as changes). */
  slices(key: string): EndpointSlice[] | undefined {
    const informer = this.#environment.informers.of(endpointslices);
    if (Number(informer.resourceVersion ?? 0) < (this.#written.get(key) ?? 0)) return undefined;
    return informer.store.byIndex(BY_SERVICE, key).filter((s) => this.isOurs(s) && s.metadata.deletionTimestamp === undefined);
  }

  /** Whether a slice is one of this controller's. */
  isOurs({ metadata }: EndpointSlice): boolean {
    return metadata.labels?.[SLICE_MANAGED_BY_LABEL] === this.#manager;
  }

  /** The key of the Service a slice belongs to, if it is one of the controller's. */
  keysOf(slice: EndpointSlice): string[] {
    const { namespace, labels } = slice.metadata;
    return this.isOurs(slice) && labels?.[SERVICE_NAME] ? [`${namespace}/${labels[SERVICE_NAME]}`] : [];
  }

  /** Carries a plan out. In a namespace that is being deleted nothing is made. @throws ApiError when the server refuses */
  async write(key: string, plan: Plan): Promise<void> {
    const { client } = this.#environment;
    try {
      for (const slice of plan.create) this.#note(key, await client.create<EndpointSlice>(endpointslices, slice));
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      throw error;
    }
    for (const slice of plan.update) this.#note(key, await client.update(endpointslices, slice));
    for (const { metadata } of plan.delete) {
      try {
        await client.delete(
          endpointslices,
          { namespace: metadata.namespace ?? '', name: metadata.name },
          { preconditions: { uid: metadata.uid } },
        );
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error;
      }
    }
  }

  /** The owner of slices is gone. */
  forget(key: string): void {
    this.#written.delete(key);
  }

  #note(key: string, slice: EndpointSlice): void {
    this.#written.set(key, Number(slice.metadata.resourceVersion ?? 0));
  }
}
