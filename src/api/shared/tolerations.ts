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
