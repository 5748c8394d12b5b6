// What is looked at before the node of a pod is asked for something: a log, or a connection to one of its containers.
import { badRequest } from '../../meta/errors.js';
import type { Pod } from '../../types/core-v1.gen.js';

/**
 * The container of a pod that a request is about.
 * @param asked its name; empty: the only one
 * @throws ApiError BadRequest when the name is unknown, or needed and absent
 */
export function containerOf({ metadata, spec }: Pod, asked: string): string {
  const { initContainers = [], containers, ephemeralContainers = [] } = spec;
  const all = [...initContainers, ...containers, ...ephemeralContainers].map((c) => c.name);
  if (asked !== '') {
    if (all.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${metadata.name}`);
  }
  if (containers.length === 1) return (containers[0] as { name: string }).name;
  throw badRequest(`a container name must be specified for pod ${metadata.name}, choose one of: [${all.join(' ')}]`);
}

/** @throws ApiError BadRequest for a pod that no node runs */
export function checkHost({ metadata, spec }: Pod): void {
  if (!spec.nodeName) throw badRequest(`pod ${metadata.name} does not have a host assigned`);
}

/** For connections into a container. @throws ApiError BadRequest */
export function checkContainer(pod: Pod, query: URLSearchParams): void {
  containerOf(pod, query.get('container') ?? '');
  checkHost(pod);
}
