// How table cells show times, labels and lists. The texts equal those of kube-apiserver's printers, so that scripts which
// parse kubectl's output keep working.
import type { LabelSelector, LabelSelectorRequirement } from '../types/meta-v1.gen.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * A duration in two or three significant figures: `45s`, `3m12s`, `25h`, `4d3h`, `2y10d`. Small negative ones (clocks
 * differ) are `0s`, others `<invalid>`. The thresholds are those of k8s.io/apimachinery/pkg/util/duration.
 */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / SECOND);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(ms / MINUTE);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(ms / HOUR);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  if (days < 2 * 365) return `${days}d`;
  const years = Math.trunc(days / 365);
  return years < 8 ? two(years, 'y', days % 365, 'd') : `${years}y`;
}

function two(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${unit}` : `${large}${unit}${small}${smallUnit}`;
}

/** How long ago a Time or MicroTime was; `<unknown>` when there is none. `now` in milliseconds. */
export function since(time: string | null | undefined, now: number): string {
  return time ? humanDuration(now - Date.parse(time)) : '<unknown>';
}

/** The Age cell of an object. */
export function age(object: { metadata: { creationTimestamp?: string | null | undefined } }, now: number): string {
  return since(object.metadata.creationTimestamp, now);
}

/** `a=1,b=2` in the order of the keys; `<none>` when there is none. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  return (
    Object.entries(labels ?? {})
      .sort(byFirst)
      .map(([key, value]) => `${key}=${value}`)
      .join(',') || '<none>'
  );
}

/**
 * A label selector as one types it: `app=web,tier in (a,b),!legacy`, in the order of the keys. No selector and an empty one
 * are `<none>`, one with an unknown operator is `<error>`.
 */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  const terms: [string, string | undefined][] = [
    ...Object.entries(selector?.matchLabels ?? {}).map(([key, value]): [string, string] => [key, `${key}=${value}`]),
    ...(selector?.matchExpressions ?? []).map((e): [string, string | undefined] => [e.key, formatRequirement(e)]),
  ];
  if (terms.some(([, text]) => text === undefined)) return '<error>';
  return (
    terms
      .sort(byFirst)
      .map(([, text]) => text)
      .join(',') || '<none>'
  );
}

function formatRequirement({ key, operator, values = [] }: LabelSelectorRequirement): string | undefined {
  switch (operator) {
    case 'In':
      return `${key} in (${[...values].sort().join(',')})`;
    case 'NotIn':
      return `${key} notin (${[...values].sort().join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    default:
      return undefined;
  }
}

/** At most `max` items, and how many were left out: `a,b,c + 2 more...`; `empty` when there is none. */
export function formatList(items: readonly string[], max = 3, empty = '<unset>'): string {
  if (items.length > max) return `${items.slice(0, max).join(',')} + ${items.length - max} more...`;
  return items.join(',') || empty;
}

/** The cells Containers and Images of the kinds that have a pod template. */
export function containerCells(
  containers: readonly { name: string; image?: string | undefined }[] | undefined,
): [names: string, images: string] {
  const list = containers ?? [];
  return [list.map((c) => c.name).join(','), list.map((c) => c.image ?? '').join(',')];
}

function byFirst(a: readonly [string, ...unknown[]], b: readonly [string, ...unknown[]]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}
