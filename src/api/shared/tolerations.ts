import { semanticEqual } from '../meta/metadata.js';
import type { Taint, Toleration } from '../types/core-v1.gen.js';

/**
 * Whether a toleration covers a taint (api/core/v1 Toleration.ToleratesTaint; Gt and Lt compare whole numbers, KEP-5471).
 * An empty effect or key covers all.
 */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  const [wanted, found] = [toleration.value ?? '', taint.value ?? ''];
  switch (toleration.operator) {
    case 'Exists':
      return true;
    case 'Gt':
    case 'Lt':
      if (!/^-?\d+$/.test(wanted) || !/^-?\d+$/.test(found)) return false;
      return toleration.operator === 'Gt' ? BigInt(found) > BigInt(wanted) : BigInt(found) < BigInt(wanted);
    default:
      return wanted === found;
  }
}

/** Leaves out what another one covers; of equal ones the first stays (pkg/util/tolerations). */
export function mergeTolerations(all: readonly Toleration[]): Toleration[] {
  const merged: Toleration[] = [];
  for (const [i, toleration] of all.entries()) {
    const later = all.slice(i + 1).filter((other) => !semanticEqual(other, toleration));
    if (![...merged, ...later].some((other) => covers(other, toleration))) merged.push({ ...toleration });
  }
  return merged;
}

/** Whether whoever has the wide toleration needs the narrow one no more. An empty key means every key, an empty effect every effect. */
export function covers(wide: Toleration, narrow: Toleration): boolean {
  if (semanticEqual(wide, narrow)) return true;
  if ((wide.key ?? '') !== (narrow.key ?? '') && (wide.key || wide.operator !== 'Exists')) return false;
  if (wide.effect && wide.effect !== narrow.effect) return false;
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined)
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  if (wide.operator === 'Exists') return true;
  return (wide.operator === 'Equal' || !wide.operator) && narrow.operator === 'Equal' && (narrow.value ?? '') === (wide.value ?? '');
}
