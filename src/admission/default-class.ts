import type { KubeObject } from '../api/meta/object.js';

/** Of several classes marked as default the newest one; of equally old ones the first by name. */
export function defaultClass<T extends KubeObject>(classes: readonly T[], annotations: readonly string[]): T | undefined {
  const marked = classes.filter(({ metadata }) => annotations.some((key) => metadata.annotations?.[key] === 'true'));
  const made = ({ metadata }: T) => metadata.creationTimestamp ?? '';
  return marked.sort((a, b) => (made(a) === made(b) ? order(a.metadata.name, b.metadata.name) : order(made(b), made(a))))[0];
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
