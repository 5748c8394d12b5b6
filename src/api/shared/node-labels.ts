// Labels of nodes that mean something, and who may set them (the documentation's "Well-Known Labels, Annotations and Taints").
import { HOSTNAME_LABEL, RENAMED_LABELS } from '../meta/well-known.js';

const KUBELET_LABELS = new Set([HOSTNAME_LABEL, ...RENAMED_LABELS.keys(), ...RENAMED_LABELS.values()]);
const KUBELET_DOMAINS = ['kubelet.kubernetes.io', 'node.kubernetes.io'];
const RESTRICTED_DOMAIN = 'node-restriction.kubernetes.io';

/** Labels that a kubelet may not set on its node. */
export function isForbiddenToKubelets(label: string): boolean {
  const domain = label.includes('/') ? (label.split('/')[0] ?? '') : '';
  if (within(domain, RESTRICTED_DOMAIN)) return true;
  if (!within(domain, 'kubernetes.io') && !within(domain, 'k8s.io')) return false;
  return !KUBELET_LABELS.has(label) && !KUBELET_DOMAINS.some((allowed) => within(domain, allowed));
}

function within(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}
