// Where two JSON values differ.
import { isDeepStrictEqual } from 'node:util';

/** One place where the values differ; undefined: nothing is there. */
export interface Difference {
  /** .spec.ports.0.port; '.' for the whole. */
  readonly path: string;
  readonly want: unknown;
  readonly got: unknown;
}

/** Nobody reads more. */
const MOST = 12;

/** Every difference, the first dozen at most. */
export function differences(want: unknown, got: unknown, path = '', out: Difference[] = []): Difference[] {
  if (out.length > MOST || isDeepStrictEqual(want, got)) return out;
  if (typeof want === 'object' && typeof got === 'object' && want && got && Array.isArray(want) === Array.isArray(got)) {
    const w = want as Record<string, unknown>;
    const g = got as Record<string, unknown>;
    for (const k of new Set([...Object.keys(w), ...Object.keys(g)])) differences(w[k], g[k], `${path}.${k}`, out);
  } else out.push({ path: path || '.', want, got });
  return out;
}

/** `.status: want 201, got 422` */
export function told({ path, want, got }: Difference): string {
  return `${path}: want ${show(want)}, got ${show(got)}`;
}

function show(v: unknown): string {
  const s = v === undefined ? '(absent)' : JSON.stringify(v);
  return s.length > 240 ? `${s.slice(0, 240)}…` : s;
}
