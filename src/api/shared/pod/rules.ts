// What a new pod must be, and what may change in a pod that exists.
import { equal } from '../../../util/equal.js';
import { writeJson } from '../../../util/exact-json.js';
import { unifiedDiff } from '../../../util/unified-diff.js';
import { at, type FieldError, type FieldPath, forbidden, invalid, required, NAMELESS } from '../../meta/field-errors.js';
import { asGiven } from '../../meta/given-empty.js';
import { semanticEqual } from '../../meta/metadata.js';
import { isInRange } from '../../meta/names.js';
import type { Container, NodeAffinity, NodeSelectorTerm, Pod, PodSpec, Toleration } from '../../types/core-v1.gen.js';
import { type GoKind, goValue } from '../go-value.js';
import { validateAnnotationsUpdate, validatePodAnnotations, validateProfilesAgree } from './annotations.js';
import { invalids } from '../../meta/checks.js';
import { MIRROR_ANNOTATION } from '../../meta/well-known.js';
import { validateImageSpaces } from './containers.js';
import { validateGatesUpdate, validateTolerations } from './scheduling.js';
import { validatePodSpec } from './spec.js';

/** The part of the settings that the rules of pods depend on. */
export interface PodScope {
  readonly allowPrivileged: boolean;
}

const SPEC = at('spec');

/** @returns all that is wrong with a new pod */
export function validatePod(pod: Pod, scope: PodScope): FieldError[] {
  const { metadata, spec } = pod;
  const errors = validateAnyPod(pod, scope);
  if (spec.ephemeralContainers?.length) errors.push(forbidden(SPEC.child('ephemeralContainers'), 'cannot be set on create'));
  if (spec.nodeName && spec.schedulingGates?.length)
    errors.push(forbidden(SPEC.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'));
  return [...errors, ...validateProfilesAgree(metadata.annotations ?? {}, SPEC, spec)];
}

/** Rules of new and of changed pods. */
export function validateAnyPod(pod: Pod, { allowPrivileged }: PodScope): FieldError[] {
  const { metadata, spec } = pod;
  const errors = validatePodAnnotations(metadata.annotations ?? {}, at('metadata', 'annotations'), spec);
  errors.push(...validatePodSpec(spec, SPEC, { metadata, allowPrivileged }));
  if (!spec.serviceAccountName)
    for (const [i, { projected }] of (spec.volumes ?? []).entries())
      for (const [j, { serviceAccountToken }] of (projected?.sources ?? []).entries())
        if (serviceAccountToken) {
          const path = SPEC.child('volumes').index(i).child('projected', 'sources').index(j).child('serviceAccountToken');
          errors.push(forbidden(path, 'must not be specified when serviceAccountName is not set'));
        }
  for (const list of ['containers', 'initContainers'] as const)
    for (const [i, container] of (spec[list] ?? []).entries()) errors.push(...validateImageSpaces(container, SPEC.child(list).index(i)));
  return errors;
}

const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** @returns all that is wrong with a change of a pod itself */
export function validatePodUpdate(pod: Pod, old: Pod, scope: PodScope): FieldError[] {
  // what has not changed was valid when it was stored; most updates touch neither
  if (equal(pod.spec, old.spec) && equal(pod.metadata.annotations, old.metadata.annotations)) return [];
  const errors = [...validateAnyPod(pod, scope), ...validateAnnotationsUpdate(pod, old, at('metadata', 'annotations'))];
  for (const list of ['containers', 'initContainers'] as const) {
    const [now, before] = [pod.spec[list] ?? [], old.spec[list] ?? []];
    // upstream looks no further once the lists differ in length
    if (now.length !== before.length) return [...errors, forbidden(SPEC.child(list), 'pod updates may not add or remove containers')];
    for (const [i, container] of now.entries()) {
      if (!container.image) errors.push(required(SPEC.child(list).index(i).child('image')));
      errors.push(...validateImageSpaces(container, SPEC.child(list).index(i)));
    }
  }
  const deadline = validateDeadline(pod.spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds);
  errors.push(...deadline);
  if (deadline.length > 0 && pod.spec.activeDeadlineSeconds !== undefined) return errors;
  errors.push(...validateTolerationsUpdate(pod.spec.tolerations ?? [], old.spec.tolerations ?? []));
  errors.push(...validateGatesUpdate(pod.spec.schedulingGates ?? [], old.spec.schedulingGates ?? [], SPEC.child('schedulingGates')));
  if (semanticEqual(pod.spec, old.spec)) return errors;
  return [...errors, ...validateFixedFields(pod.spec, old.spec)];
}

function validateDeadline(seconds: number | undefined, old: number | undefined): FieldError[] {
  const path = SPEC.child('activeDeadlineSeconds');
  if (seconds === undefined) return old === undefined ? [] : [invalid(path, null, 'must not update from a positive integer to nil value')];
  const wrong = isInRange(seconds, 0, 2147483647);
  if (wrong.length > 0) return invalids(path, seconds, wrong);
  return old !== undefined && old < seconds ? [invalid(path, seconds, 'must be less than or equal to previous value')] : [];
}

function validateTolerationsUpdate(tolerations: readonly Toleration[], old: readonly Toleration[]): FieldError[] {
  const path = SPEC.child('tolerations');
  const same = (a: Toleration, b: Toleration) =>
    semanticEqual({ ...a, tolerationSeconds: undefined }, { ...b, tolerationSeconds: undefined });
  if (old.some((before) => !tolerations.some((now) => same(before, now))))
    return [forbidden(path, 'existing toleration can not be modified except its tolerationSeconds')];
  return validateTolerations(tolerations, path);
}

/** Everything but the few updatable fields must be as it was. */
function validateFixedFields(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const munged: PodSpec = {
    ...spec,
    containers: withOldImages(spec.containers, old.containers),
    initContainers: spec.initContainers && withOldImages(spec.initContainers, old.initContainers ?? []),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    tolerations: old.tolerations,
  };
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1)
    munged.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds;
  // KEP-3838: what narrows the choice of nodes may still be added while the pod is held back from scheduling
  if (old.schedulingGates?.length) {
    errors.push(...validateNodeSelectorNarrowed(spec, old.nodeSelector ?? {}));
    munged.nodeSelector = old.nodeSelector;
    const affinity = spec.affinity?.nodeAffinity;
    const oldAffinity = old.affinity?.nodeAffinity;
    if (!semanticEqual(affinity, oldAffinity)) {
      errors.push(...validateNodeAffinityNarrowed(affinity, oldAffinity));
      const { nodeAffinity: _, ...others } = spec.affinity ?? {};
      const kept = { ...others, ...(oldAffinity && { nodeAffinity: oldAffinity }) };
      munged.affinity = Object.values(kept).every((v) => v === undefined) ? old.affinity : kept;
    }
  }
  if (semanticEqual(munged, old)) return errors;
  const text = `pod updates may not change fields other than ${UPDATABLE}\n${difference(old, munged, 'core.PodSpec')}`;
  return [...errors, forbidden(SPEC, text)];
}

/** What changed, for the reader of a message, in values as upstream prints them. */
export function difference(old: unknown, next: unknown, kind: GoKind): string {
  return unifiedDiff(writeJson(goValue(old, kind), 1), writeJson(goValue(next, kind), 1));
}

function withOldImages(containers: readonly Container[], old: readonly Container[]): Container[] {
  return containers.map((container, i) => ({ ...container, image: old[i]?.image }));
}

function validateNodeSelectorNarrowed(spec: PodSpec, old: Readonly<Record<string, string>>): FieldError[] {
  if (Object.entries(old).every(([key, value]) => spec.nodeSelector?.[key] === value)) return [];
  return [
    invalid(
      SPEC.child('nodeSelector'),
      asGiven(spec, 'nodeSelector'),
      'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ),
  ];
}

function validateNodeAffinityNarrowed(affinity: NodeAffinity | undefined, old: NodeAffinity | undefined): FieldError[] {
  const path = SPEC.child('affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  const before = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const now = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (before.length === 0) return [];
  if (before.length !== now.length)
    return [invalid(path, now.length > 0 ? now : null, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed')];
  return before.flatMap((term, i) => termNarrowed(now[i] ?? {}, term, path.index(i)));
}

function termNarrowed(term: NodeSelectorTerm, old: NodeSelectorTerm, path: FieldPath): FieldError[] {
  const lists = (['matchExpressions', 'matchFields'] as const).map((f) => [term[f] ?? [], old[f] ?? []] as const);
  const wasEmpty = lists.every(([, before]) => before.length === 0);
  const kept = lists.every(([now, before]) => semanticEqual(now.slice(0, before.length), before));
  const narrowed = wasEmpty ? lists.every(([now]) => now.length === 0) : kept;
  return narrowed ? [] : [invalid(path, goValue(term, 'core.NodeSelectorTerm'), 'only additions are allowed (no mutations or deletions)')];
}

/** @returns all that is wrong with a change of a pod's ephemeral containers: they can only be added */
export function validateEphemeralUpdate(pod: Pod, old: Pod, scope: PodScope): FieldError[] {
  if (old.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined)
    return [forbidden(NAMELESS, 'static pods do not support ephemeral containers')];
  const errors = [...validateAnyPod(pod, scope), ...validateAnnotationsUpdate(pod, old, at('metadata', 'annotations'))];
  const path = SPEC.child('ephemeralContainers');
  for (const before of old.spec.ephemeralContainers ?? []) {
    const now = pod.spec.ephemeralContainers?.find((c) => c.name === before.name);
    const name = JSON.stringify(before.name);
    if (!now) errors.push(forbidden(path, `existing ephemeral containers ${name} may not be removed\n`));
    else if (!semanticEqual(before, now))
      errors.push(
        forbidden(path, `existing ephemeral containers ${name} may not be changed\n${difference(before, now, 'core.EphemeralContainer')}`),
      );
  }
  return errors;
}
