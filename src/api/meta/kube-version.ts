// Versions of APIs in the order of k8s.io/apimachinery/pkg/version: v2, v1, v1beta2, v1alpha1, others by name.
import { compareText } from '../../util/order.js';

const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/** The preferred version comes first. */
export function compareKubeVersions(a: string, b: string): number {
  const [x, y] = [stability(a), stability(b)];
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return (y[i] as number) - (x[i] as number);
  return compareText(a, b);
}

function stability(version: string): number[] {
  const match = VERSION.exec(version);
  if (!match) return [0, 0, 0];
  return [match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1, Number(match[1]), Number(match[3] ?? 0)];
}
