// A pod with a runtime class gets what that runtime costs, and where it can run.
// https://kubernetes.io/docs/concepts/containers/runtime-class/
import type { AdmissionAttributes } from '../api/admission.js';
import { ApiError } from '../api/meta/errors.js';
import { wasGivenEmpty } from '../api/meta/given-empty.js';
import { isPathSegmentName } from '../api/meta/names.js';
import { compare } from '../api/meta/quantity.js';
import { runtimeclasses } from '../api/meta/resources.gen.js';
import { mergeTolerations } from '../api/shared/tolerations.js';
import type { PodSpec } from '../api/types/core-v1.gen.js';
import type { RuntimeClass, Scheduling } from '../api/types/node-v1.gen.js';
import { forbidden, isCore, podOf, type Step } from './step.js';

type Quantities = Readonly<Record<string, string>>;

export const runtimeClass: Step = {
  name: 'RuntimeClass',
  onByDefault: true,
  handles: (attributes) => isCore(attributes, 'pods'),
  mutate(attributes) {
    const { spec } = podOf(attributes);
    const found = classOf(spec, attributes);
    if (found?.overhead) {
      const { podFixed } = found.overhead;
      if (Object.keys(spec.overhead ?? {}).length > 0 && !sameAmounts(spec.overhead, podFixed)) throw otherOverhead(attributes);
      spec.overhead = podFixed && { ...podFixed };
    }
    if (found?.scheduling) schedule(spec, found.scheduling, attributes);
  },
  validate(attributes) {
    const { spec } = podOf(attributes);
    const found = classOf(spec, attributes);
    if (found?.overhead) {
      if (!sameAmounts(spec.overhead, found.overhead.podFixed)) throw otherOverhead(attributes);
    } else if (spec.overhead || wasGivenEmpty(spec, 'overhead'))
      throw forbidden(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
  },
};

function otherOverhead(attributes: AdmissionAttributes): ApiError {
  return forbidden(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}

/** @throws ApiError Forbidden when there is no such class */
function classOf({ runtimeClassName }: PodSpec, attributes: AdmissionAttributes): RuntimeClass | undefined {
  if (runtimeClassName === undefined) return undefined;
  checkClassName(runtimeClassName);
  const found = attributes.context.services.reader.get(runtimeclasses, '', runtimeClassName);
  if (!found) throw forbidden(attributes, `pod rejected: RuntimeClass ${JSON.stringify(runtimeClassName)} not found`);
  return found;
}

/** Upstream asks for the class by a client, which refuses what cannot stand in a path. @throws ApiError: nobody classifies this one */
function checkClassName(name: string): void {
  const wrong = isPathSegmentName(name);
  if (name === '') throw new ApiError({ code: 500, message: 'resource name may not be empty' });
  if (wrong.length > 0) throw new ApiError({ code: 500, message: `invalid resource name ${JSON.stringify(name)}: [${wrong.join(' ')}]` });
}

function sameAmounts(a: Quantities = {}, b: Quantities = {}): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((n) => b[n] !== undefined && compare(a[n] ?? '0', b[n]) === 0);
}

function schedule(spec: PodSpec, { nodeSelector = {}, tolerations = [] }: Scheduling, attributes: AdmissionAttributes): void {
  const own = spec.nodeSelector ?? {};
  for (const [key, value] of Object.entries(nodeSelector))
    if (own[key] !== undefined && own[key] !== value)
      throw forbidden(
        attributes,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own[key]}`,
      );
  const selector = { ...own, ...nodeSelector };
  if (Object.keys(selector).length > 0) spec.nodeSelector = selector;
  const merged = mergeTolerations([...(spec.tolerations ?? []), ...tolerations]);
  if (merged.length > 0) spec.tolerations = merged;
}
