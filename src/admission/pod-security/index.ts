// Namespaces say by labels which security standard their pods must meet.
// https://kubernetes.io/docs/concepts/security/pod-security-admission/
import type { AdmissionAttributes } from '../../api/admission.js';
import * as errors from '../../api/meta/errors.js';
import type { KubeObject } from '../../api/meta/object.js';
import { namespaces, pods } from '../../api/meta/resources.gen.js';
import type { Namespace, Pod as FullPod, PodSpec } from '../../api/types/core-v1.gen.js';
import { equal } from '../../util/equal.js';
import { type ConfiguredStep, forbidden, isCore, podOf, type Rules } from '../step.js';
import { type PodSecurityConfiguration, readConfiguration } from './configuration.js';
import { blind, type PodSecurityObserver, subjectOf } from './observer.js';
import type { Pod } from './findings.js';
import {
  detailsOf,
  findings,
  isEquivalent,
  isPrivileged,
  isStricter,
  MODES,
  modesIn,
  type Policy,
  policyOf,
  shown,
  type Standard,
} from './policy.js';

/** Of a large namespace only so many pods are looked at when its standard becomes stricter. */
const MAX_PODS = 3000;
/** Subresources that do not change what a pod may do. */
const HARMLESS = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status']);
const TEMPLATED = new Set([
  'replicationcontrollers',
  'podtemplates',
  'replicasets.apps',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'cronjobs.batch',
]);

export const podSecurity: ConfiguredStep = {
  name: 'PodSecurity',
  onByDefault: true,
  configure: (document, { podSecurity: observer = blind }) => new PodSecurity(readConfiguration(document), observer),
};

/** What the labels of a namespace ask for. */
type Asked = ReturnType<typeof policyOf>;

class PodSecurity implements Rules {
  readonly #defaults: Policy;
  readonly #exempt: PodSecurityConfiguration['exempt'];
  readonly #observer: PodSecurityObserver;

  constructor({ defaults, exempt }: PodSecurityConfiguration, observer: PodSecurityObserver) {
    this.#defaults = defaults;
    this.#exempt = exempt;
    this.#observer = observer;
  }

  handles(attributes: AdmissionAttributes): boolean {
    return isWrite(attributes) && (isNamespace(attributes) || isPod(attributes) || isController(attributes));
  }

  validate(attributes: AdmissionAttributes): void {
    if (isNamespace(attributes)) return this.#checkNamespace(attributes);
    const { namespaces: exemptNamespaces, usernames } = this.#exempt;
    if (exemptNamespaces.includes(attributes.namespace) || usernames.includes(attributes.context.user.username))
      return this.#observer.exempted(subjectOf(attributes));
    if (isPod(attributes)) this.#checkPod(attributes);
    else this.#checkController(attributes);
  }

  #checkNamespace({ object, old, context }: AdmissionAttributes): void {
    const { metadata } = object as Namespace;
    const { policy, errors: wrong } = policyOf(metadata.labels, this.#defaults);
    const before = old && policyOf(old.metadata.labels, this.#defaults);
    // labels that were wrong before may stay
    if (wrong.length > 0 && !equal(wrong, before?.errors)) throw errors.invalid({ group: '', kind: 'Namespace' }, metadata.name, wrong);
    const { enforce } = policy;
    if (before && !asksForMore(enforce, before.policy.enforce)) return;
    if (this.#exempt.namespaces.includes(metadata.name)) return this.#warnOfExemption(metadata, policy, context);
    if (!before) return;
    const present = context.services.reader.list(pods, metadata.name).filter((pod) => !this.#isExemptByClass(pod));
    for (const warning of violations(present, enforce, metadata.name)) context.warn(warning);
  }

  #warnOfExemption({ name, labels }: Namespace['metadata'], policy: Policy, context: AdmissionAttributes['context']): void {
    if (isPrivileged(policy) || isEquivalent(policy, this.#defaults)) return;
    const asked = modesIn(labels).filter((mode) => policy[mode].level !== 'privileged');
    const text = asked.map((mode) => `${mode}=${shown(policy[mode])}`).join(', ');
    context.warn(`namespace ${JSON.stringify(name)} is exempt from Pod Security, and the policy (${text}) will be ignored`);
  }

  #checkPod(attributes: AdmissionAttributes): void {
    const pod = podOf(attributes);
    const asked = this.#askedBy(attributes);
    const { policy, errors: wrong } = asked;
    if (wrong.length === 0 && isPrivileged(policy))
      return this.#observer.evaluated('allow', 'enforce', policy.enforce, subjectOf(attributes));
    if (attributes.operation === 'UPDATE' && !changesImages(pod.spec, (attributes.old as FullPod).spec)) return;
    this.#evaluate(pod, MODES, asked, attributes);
  }

  /** What makes pods is never refused: its pods will be. */
  #checkController(attributes: AdmissionAttributes): void {
    const asked = this.#askedBy(attributes);
    const { policy, errors: wrong } = asked;
    if (wrong.length === 0 && policy.audit.level === 'privileged' && policy.warn.level === 'privileged') return;
    const template = templateOf(attributes.object as KubeObject);
    if (template) this.#evaluate(template, ['audit', 'warn'], asked, attributes);
  }

  /** @throws ApiError Forbidden when what is enforced forbids it */
  #evaluate(pod: Pod, modes: readonly (keyof Policy)[], { policy, errors: wrong }: Asked, attributes: AdmissionAttributes): void {
    const subject = subjectOf(attributes);
    if (this.#isExemptByClass(pod)) return this.#observer.exempted(subject);
    if (wrong.length > 0) this.#observer.misled(subject);
    let refusal: errors.ApiError | undefined;
    for (const mode of modes) {
      // nobody is warned of what is refused
      if (mode === 'warn' && refusal) continue;
      const found = findings(policy[mode], pod);
      if (found.length > 0 || mode === 'enforce')
        this.#observer.evaluated(found.length > 0 ? 'deny' : 'allow', mode, policy[mode], subject);
      if (found.length === 0) continue;
      const text = `violate${mode === 'enforce' ? 's' : ''} PodSecurity ${JSON.stringify(shown(policy[mode]))}: ${detailsOf(found)}`;
      if (mode === 'enforce') refusal = forbidden(attributes, text);
      else if (mode === 'warn') attributes.context.warn(`would ${text}`);
    }
    if (refusal) throw refusal;
  }

  #askedBy({ namespace, context }: AdmissionAttributes): Asked {
    return policyOf(context.services.reader.get(namespaces, '', namespace)?.metadata.labels, this.#defaults);
  }

  #isExemptByClass({ spec: { runtimeClassName = '' } }: Pod): boolean {
    return this.#exempt.runtimeClasses.includes(runtimeClassName);
  }
}

function isWrite({ operation }: AdmissionAttributes): boolean {
  return operation === 'CREATE' || operation === 'UPDATE';
}

function isNamespace(attributes: AdmissionAttributes): boolean {
  return isCore(attributes, 'namespaces', ['CREATE', 'UPDATE']);
}

function isPod({ definition, subresource }: AdmissionAttributes): boolean {
  return definition.group === '' && definition.resource === 'pods' && !HARMLESS.has(subresource);
}

function isController({ definition: { group, resource }, subresource }: AdmissionAttributes): boolean {
  return subresource === '' && TEMPLATED.has(group === '' ? resource : `${resource}.${group}`);
}

/** Whether pods that were good enough may no longer be. */
function asksForMore(next: Standard, before: Standard): boolean {
  if (equal(next, before) || next.level === 'privileged') return false;
  return next.version !== before.version || isStricter(next.level, before.level);
}

/** What the pods that are there already do against a standard that is new to them; alike pods are told of together. */
function violations(present: readonly FullPod[], standard: Standard, namespace: string): string[] {
  const checked = oneOfEachController(present).slice(0, MAX_PODS);
  const byReasons = new Map<string, string[]>();
  for (const pod of checked) {
    const reasons = findings(standard, pod).map((f) => f.reason);
    if (reasons.length === 0) continue;
    const names = byReasons.get(reasons.join(', ')) ?? [];
    byReasons.set(reasons.join(', '), [...names, pod.metadata.name]);
  }
  const lines = [...byReasons].map(([reasons, names]) => `${together(names)}: ${reasons}`).sort();
  return [
    ...(checked.length < present.length
      ? [`new PodSecurity enforce level only checked against the first ${checked.length} of ${present.length} existing pods`]
      : []),
    ...(lines.length > 0
      ? [
          `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(shown(standard))}`,
        ]
      : []),
    ...lines,
  ];
}

/** Pods of one controller are alike: the others of it come last. */
function oneOfEachController(present: readonly FullPod[]): FullPod[] {
  const seen = new Set<string>();
  const first: FullPod[] = [];
  const others: FullPod[] = [];
  for (const pod of present) {
    const owner = pod.metadata.ownerReferences?.find((ref) => ref.controller)?.uid;
    (owner !== undefined && seen.has(owner) ? others : first).push(pod);
    if (owner !== undefined) seen.add(owner);
  }
  return [...first, ...others];
}

function together(names: readonly string[]): string {
  const [first = ''] = [...names].sort();
  if (names.length === 1) return first;
  return `${first} (and ${names.length - 1} other ${names.length === 2 ? 'pod' : 'pods'})`;
}

/** Most of a pod cannot change: new containers and new images are what matters. */
function changesImages(spec: PodSpec, old: PodSpec): boolean {
  const images = ({ containers, initContainers = [], ephemeralContainers = [] }: PodSpec) =>
    [containers, initContainers, ephemeralContainers].map((list) => list.map(({ name, image }) => ({ name, image })));
  return !equal(images(spec), images(old));
}

interface Templated {
  readonly template?: Pod;
  readonly spec?: { readonly template?: Pod; readonly jobTemplate?: { readonly spec?: { readonly template?: Pod } } };
}

function templateOf(object: KubeObject): Pod | undefined {
  const { template, spec } = object as KubeObject & Templated;
  const found = template ?? spec?.template ?? spec?.jobTemplate?.spec?.template;
  return found?.spec && { metadata: found.metadata ?? {}, spec: found.spec };
}
