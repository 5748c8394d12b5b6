import type { AdmissionAttributes } from '../../api/admission.js';
import { semanticEqual } from '../../api/meta/metadata.js';
import { goQuote } from '../../api/meta/quote.js';
import { isForbiddenToKubelets } from '../../api/shared/node-labels.js';
import type { Node } from '../../api/types/core-v1.gen.js';
import { forbidden, nameOf } from '../step.js';

/** A kubelet writes its own Node only, and none of what decides which pods come to it. @throws ApiError to refuse */
export function checkNode(node: string, attributes: AdmissionAttributes): void {
  const { operation } = attributes;
  const name = nameOf(attributes);
  const who = `node ${goQuote(node)} is not allowed to`;
  if (name !== node) throw forbidden(attributes, `${who} modify node ${goQuote(name)}`);
  if (operation === 'DELETE') return;
  const next = attributes.object as Node;
  const old = attributes.old as Node | undefined;
  const { configSource } = next.spec;
  if (configSource && !old) throw forbidden(attributes, `${who} create pods with a non-nil configSource`);
  if (configSource && !semanticEqual(configSource, old?.spec.configSource))
    throw forbidden(attributes, `${who} update configSource to a new non-nil configSource`);
  if (old && !semanticEqual(next.spec.taints, old.spec.taints)) throw forbidden(attributes, `${who} modify taints`);
  if (old && !semanticEqual(next.metadata.ownerReferences, old.metadata.ownerReferences))
    throw forbidden(attributes, `${who} modify ownerReferences`);
  const labels = changedLabels(next.metadata.labels, old?.metadata.labels).filter(isForbiddenToKubelets);
  if (labels.length === 0) return;
  const what = old ? 'is not allowed to modify labels' : `${who} set the following labels`;
  throw forbidden(attributes, `${what}: ${labels.sort().join(', ')}`);
}

function changedLabels(next: Readonly<Record<string, string>> = {}, old: Readonly<Record<string, string>> = {}): string[] {
  return [...new Set([...Object.keys(next), ...Object.keys(old)])].filter((key) => next[key] !== old[key]);
}
