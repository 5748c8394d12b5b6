import { type LabelOperator, type LabelRequirement, LabelSelection } from '../api/meta/selectors.js';
import { tolerates } from '../api/shared/tolerations.js';
import type { Node, NodeSelector, NodeSelectorTerm, Pod, Taint, Toleration } from '../api/types/core-v1.gen.js';
import type { LabelSelector } from '../api/types/meta-v1.gen.js';
import type { PodSelector } from './framework.js';

const OPERATORS: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
};

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

function requirement({ key, operator, values }: Expression): LabelRequirement {
  const known = OPERATORS[operator];
  // validation lets no other operator in
  if (!known) throw new Error(`unknown operator ${operator}`);
  return { key, operator: known, values: values ?? [] };
}

/** The requirements of equal labels. */
export function equalTo(labels: Readonly<Record<string, string>>): LabelRequirement[] {
  return Object.entries(labels).map(([key, value]) => ({ key, operator: 'in', values: [value] }));
}

/** The parts of a selector as one list. */
export function requirementsOf(selector: LabelSelector | undefined): LabelRequirement[] {
  return [...equalTo(selector?.matchLabels ?? {}), ...(selector?.matchExpressions ?? []).map(requirement)];
}

/** A selector over pods of all the requirements. */
export function podSelector(requirements: readonly LabelRequirement[]): PodSelector {
  const selection = new LabelSelection(requirements);
  return { key: selection.toString(), matches: (labels) => selection.matches(labels) };
}

/** Matches nothing: what an absent label selector of an affinity term or a spread constraint means. */
export const NO_PODS: PodSelector = { key: '<none>', matches: () => false };

function matchTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): (node: Node) => boolean {
  // a term without any condition matches no node
  if (matchExpressions.length === 0 && matchFields.length === 0) return () => false;
  const labels = new LabelSelection(matchExpressions.map(requirement));
  const fields = matchFields.map(({ key, operator, values = [] }) => (node: Node) => {
    const found = key === 'metadata.name' ? node.metadata.name : '';
    return values.includes(found ?? '') === (operator === 'In');
  });
  return (node) => labels.matches(node.metadata.labels) && fields.every((test) => test(node));
}

/** Compiles node selector terms: any one of them must match. */
export function nodeSelector({ nodeSelectorTerms }: Pick<NodeSelector, 'nodeSelectorTerms'>): (node: Node) => boolean {
  const terms = nodeSelectorTerms.map(matchTerm);
  return (node) => terms.some((term) => term(node));
}

/** What a pod requires of its node: spec.nodeSelector and the required node affinity together; undefined: nothing. */
export function requiredNode(pod: Pod): ((node: Node) => boolean) | undefined {
  const simple = pod.spec.nodeSelector ? new LabelSelection(equalTo(pod.spec.nodeSelector)) : undefined;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!simple && !required) return undefined;
  const affinity = required ? nodeSelector(required) : () => true;
  return (node) => (simple?.matches(node.metadata.labels) ?? true) && affinity(node);
}

/** The first taint with one of `effects` that no toleration covers. */
export function untolerated(taints: readonly Taint[], tolerations: readonly Toleration[], effects: readonly string[]): Taint | undefined {
  return taints.find((taint) => effects.includes(taint.effect) && !tolerations.some((t) => tolerates(t, taint)));
}
