import type { Informers } from '../client/informers.js';
import type { Resource } from '../api/meta/object.js';
import { replicasets, replicationcontrollers, services, statefulsets } from '../api/meta/resources.gen.js';
import { type LabelRequirement, LabelSelection } from '../api/meta/selectors.js';
import type { Pod } from '../api/types/core-v1.gen.js';
import type { PodSelector } from './framework.js';
import { equalTo, podSelector, requirementsOf } from './selectors.js';

const OWNERS: readonly Resource[] = [services, replicationcontrollers, replicasets, statefulsets];

/** Which pods belong together, told by the services that select them and the controller that owns them. */
export class Owners {
  readonly #informers: Informers;

  constructor(informers: Informers) {
    this.#informers = informers;
    for (const resource of OWNERS) informers.of(resource);
  }

  /** Resolves when the first lists have arrived. */
  async synced(): Promise<void> {
    await Promise.all(OWNERS.map((r) => this.#informers.of(r).synced));
  }

  /** The selector of the group a pod belongs to; undefined: of none. (plugins/helper/spread.go DefaultSelector) */
  selectorOf(pod: Pod): PodSelector | undefined {
    const labels: Record<string, string> = {};
    for (const service of this.#informers.of(services).store.list(pod.metadata.namespace)) {
      const selector = service.spec?.selector;
      if (selector && Object.keys(selector).length > 0 && new LabelSelection(equalTo(selector)).matches(pod.metadata.labels))
        Object.assign(labels, selector);
    }
    const requirements = [...equalTo(labels), ...this.#ownerRequirements(pod)];
    return requirements.length === 0 ? undefined : podSelector(requirements);
  }

  #ownerRequirements(pod: Pod): LabelRequirement[] {
    const owner = pod.metadata.ownerReferences?.find((o) => o.controller);
    if (!owner) return [];
    const key = `${pod.metadata.namespace}/${owner.name}`;
    switch (`${owner.apiVersion} ${owner.kind}`) {
      case 'v1 ReplicationController':
        return equalTo(this.#informers.of(replicationcontrollers).store.get(key)?.spec?.selector ?? {});
      case 'apps/v1 ReplicaSet':
        return requirementsOf(this.#informers.of(replicasets).store.get(key)?.spec?.selector);
      case 'apps/v1 StatefulSet':
        return requirementsOf(this.#informers.of(statefulsets).store.get(key)?.spec?.selector);
      default:
        return [];
    }
  }
}
