import { podCondition } from '../../api/shared/pod/conditions.js';
import type { Pod, Service } from '../../api/types/core-v1.gen.js';

export const LAST_CHANGE_TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

interface Seen {
  readonly service: string;
  readonly pods: ReadonlyMap<string, string>;
}

/** Finds what made endpoints change, so that clients can measure how long the news took. */
export class TriggerTimes {
  readonly #seen = new Map<string, Seen>();

  /** @returns the time of the earliest change of a pod or of the Service since the last call; undefined when there was none */
  next(key: string, service: Service, selected: readonly Pod[]): string | undefined {
    const known = this.#seen.get(key);
    const created = service.metadata.creationTimestamp ?? '';
    const times = new Map(selected.flatMap((pod) => [[pod.metadata.name, podCondition(pod, 'Ready')?.lastTransitionTime ?? ''] as const]));
    this.#seen.set(key, { service: created, pods: times });
    if (!known) return created || undefined;
    const changed = [...times].filter(([name, time]) => time > (known.pods.get(name) ?? '')).map(([, time]) => time);
    if (created > known.service) changed.push(created);
    return changed.sort()[0];
  }

  /** The service is gone. */
  forget(key: string): void {
    this.#seen.delete(key);
  }
}
