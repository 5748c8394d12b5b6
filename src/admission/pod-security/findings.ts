// How the checks word what they find.
import type { ObjectMeta } from '../../api/meta/object.js';
import type { Container, PodSpec } from '../../api/types/core-v1.gen.js';

/** A pod, or the template of one. */
export interface Pod {
  readonly metadata: Pick<ObjectMeta, 'annotations'>;
  readonly spec: PodSpec;
}

/** What a check finds. */
export interface Finding {
  /** In a few words, for lists of pods. */
  readonly reason: string;
  readonly detail: string;
}

/** Undefined: the pod may be. */
export type Result = Finding | undefined;

export const none: Result = undefined;

/** A finding, if there is anything. */
export function bad(found: readonly string[], reason: string, detail: string): Result {
  return found.length > 0 ? { reason, detail } : none;
}

/** All containers of a pod, of whatever sort. */
export function containersOf({ initContainers = [], containers, ephemeralContainers = [] }: PodSpec): readonly Container[] {
  return [...initContainers, ...containers, ...ephemeralContainers];
}

/** The names of the containers for which `wrong` holds. */
export function badContainers(spec: PodSpec, wrong: (container: Container) => boolean): string[] {
  return containersOf(spec)
    .filter(wrong)
    .map((c) => c.name);
}

/** Who has set something wrong: the pod, containers. */
export function setters(pod: boolean, containers: readonly string[]): string[] {
  return [...(pod ? ['pod'] : []), ...(containers.length > 0 ? [list('container', containers)] : [])];
}

/** `container "a"`, `containers "a", "b"` */
export function list(noun: string, items: readonly string[]): string {
  return `${plural(noun, items)} ${quote(items)}`;
}

/** The noun for one or several items. */
export function plural(noun: string, items: readonly string[]): string {
  return items.length === 1 ? noun : `${noun}s`;
}

/** Items in quotation marks, with commas. */
export function quote(items: readonly string[]): string {
  return items.map((item) => `"${item}"`).join(', ');
}

/** Each item once, sorted. */
export function unique(items: readonly string[]): string[] {
  return [...new Set(items)].sort();
}
