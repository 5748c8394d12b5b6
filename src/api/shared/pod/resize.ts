// Changing the resources of a pod that runs (KEP-1287).
import { at, type FieldError, type FieldPath, forbidden, invalid, NAMELESS } from '../../meta/field-errors.js';
import { semanticEqual } from '../../meta/metadata.js';
import { MIRROR_ANNOTATION } from '../../meta/well-known.js';
import type { Container, Pod, ResourceRequirements } from '../../types/core-v1.gen.js';
import { isSidecar, type Quantities, qosClass } from './resources.js';
import { type PodScope, validateAnyPod } from './rules.js';

const SPEC = at('spec');
const ONLY_COMPUTE = forbidden(SPEC, 'only cpu and memory resources are mutable');

/** @returns all that is wrong with a resize: only cpu and memory may change, and the class of the pod may not */
export function validateResize(pod: Pod, old: Pod, scope: PodScope): FieldError[] {
  if (old.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) return [forbidden(NAMELESS, 'static pods cannot be resized')];
  if (old.spec.os?.name === 'windows') return [forbidden(NAMELESS, 'windows pods cannot be resized')];
  const errors = validateAnyPod(pod, scope);
  if ((old.status.qosClass ?? qosClass(old.spec)) !== qosClass(pod.spec))
    errors.push(invalid(SPEC, pod.status.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'));
  if (!nodeCanResize(old)) errors.push(forbidden(SPEC, 'Pod running on node without support for resize'));
  errors.push(...validatePodLevel(pod.spec.resources, old.spec.resources));
  if (old.status.nodeAllocatableResourceClaimStatuses?.length)
    errors.push(forbidden(SPEC, 'pods with node allocatable resource claims cannot be resized'));
  const order = [...sameContainers(pod, old, 'containers'), ...sameContainers(pod, old, 'initContainers')];
  if (order.length > 0) return [...errors, ...order];
  for (const list of ['initContainers', 'containers'] as const)
    for (const [i, container] of (pod.spec[list] ?? []).entries()) {
      const before = old.spec[list]?.[i];
      if (before) errors.push(...validateContainer(container, before, SPEC.child(list).index(i), list));
    }
  return errors;
}

function nodeCanResize({ status }: Pod): boolean {
  const running = status.containerStatuses?.find((c) => c.state?.running);
  return !running || running.resources !== undefined;
}

function sameContainers(pod: Pod, old: Pod, list: 'containers' | 'initContainers'): FieldError[] {
  const [now, before] = [pod.spec[list] ?? [], old.spec[list] ?? []];
  if (now.length !== before.length) return [forbidden(SPEC.child(list), `${list} may not be added or removed on resize`)];
  return before.flatMap((container, i) => {
    if (now[i]?.name === container.name) return [];
    return [forbidden(SPEC.child(list).index(i).child('name'), `${list} may not be renamed or reordered on resize`)];
  });
}

function validateContainer(container: Container, old: Container, path: FieldPath, list: 'containers' | 'initContainers'): FieldError[] {
  const errors: FieldError[] = [];
  for (const side of ['requests', 'limits'] as const)
    if (isRemoved(container.resources?.[side], old.resources?.[side]))
      errors.push(forbidden(path.child('resources', side), `resource ${side} cannot be removed`));
  const { requests, limits } = withOldCompute(container.resources, old.resources);
  // claims of the new container are not compared, those of the old one are: it cannot be resized
  if (!semanticEqual({ ...container, resources: { requests, limits } }, { ...old, resources: withMaps(old.resources) }))
    errors.push(
      list === 'containers' ? ONLY_COMPUTE : forbidden(path, 'only cpu and memory resources for init or sidecar containers are mutable'),
    );
  const restarts = (container.resizePolicy ?? []).filter((p) => p.restartPolicy === 'RestartContainer');
  if (list === 'initContainers' && !isSidecar(container) && !semanticEqual(container, old))
    for (const _ of restarts)
      errors.push(forbidden(path, 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized'));
  return errors;
}

function isRemoved(now: Readonly<Quantities> = {}, old: Readonly<Quantities> = {}): boolean {
  return Object.keys(old).some((name) => now[name] === undefined);
}

function withOldCompute(now: ResourceRequirements | undefined, old: ResourceRequirements | undefined): ResourceRequirements {
  const side = (s: 'requests' | 'limits') => {
    const { cpu: _, memory: __, ...others } = now?.[s] ?? {};
    const { cpu, memory } = old?.[s] ?? {};
    return { ...others, ...(cpu !== undefined && { cpu }), ...(memory !== undefined && { memory }) };
  };
  return { ...now, requests: side('requests'), limits: side('limits') };
}

function withMaps(resources: ResourceRequirements | undefined): ResourceRequirements {
  return { ...resources, requests: resources?.requests ?? {}, limits: resources?.limits ?? {} };
}

function isEmpty({ requests = {}, limits = {} }: ResourceRequirements = {}): boolean {
  return Object.keys(requests).length + Object.keys(limits).length === 0;
}

function validatePodLevel(now: ResourceRequirements | undefined, old: ResourceRequirements | undefined): FieldError[] {
  if (isEmpty(now) && isEmpty(old)) return Boolean(now) === Boolean(old) ? [] : [ONLY_COMPUTE];
  const path = SPEC.child('resources');
  if (!now) return [forbidden(path, 'pod-level resources cannot be removed')];
  const errors: FieldError[] = [];
  for (const side of ['requests', 'limits'] as const)
    if (isRemoved(now[side], old?.[side])) errors.push(forbidden(path.child(side), `pod-level resource ${side} cannot be removed`));
  if (!semanticEqual(withOldCompute(now, old), withMaps(old)))
    errors.push(forbidden(SPEC, 'only cpu and memory resources are mutable at pod-level'));
  return errors;
}
