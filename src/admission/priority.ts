// A pod's priority follows from its priority class, or from the cluster's default class.
// https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
import { priorityclasses } from '../api/meta/resources.gen.js';
import type { AdmissionAttributes } from '../api/admission.js';
import type { Reader } from '../api/context.js';
import type { Pod, PodSpec } from '../api/types/core-v1.gen.js';
import type { PriorityClass } from '../api/types/scheduling-v1.gen.js';
import { forbidden, isCore, podOf, type Step } from './step.js';

/** Classes every cluster has, known here too so that they hold before they are stored. */
const SYSTEM: Readonly<Record<string, number>> = { 'system-node-critical': 2000001000, 'system-cluster-critical': 2000000000 };

export const priority: Step = {
  name: 'Priority',
  onByDefault: true,
  handles: (attributes) => isCore(attributes, 'pods', ['CREATE', 'UPDATE']) || isClass(attributes),
  mutate(attributes) {
    if (attributes.definition.resource !== 'pods') return;
    const { spec } = podOf(attributes);
    if (attributes.operation === 'UPDATE') return keep(spec, (attributes.old as Pod).spec);
    const found = resolve(spec.priorityClassName ?? '', attributes.context.services.reader);
    if (!found) throw forbidden(attributes, `no PriorityClass with name ${spec.priorityClassName} was found`);
    if (spec.priority !== undefined && spec.priority !== found.value)
      throw forbidden(
        attributes,
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${found.value} from the given PriorityClass name`,
      );
    if (found.name) spec.priorityClassName = found.name;
    spec.priority = found.value;
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== found.preemptionPolicy)
      throw forbidden(
        attributes,
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${found.preemptionPolicy} from the given PriorityClass name`,
      );
    spec.preemptionPolicy = found.preemptionPolicy;
  },
  validate(attributes) {
    const { definition, name, object, context } = attributes;
    if (definition.resource !== 'priorityclasses' || !(object as PriorityClass).globalDefault) return;
    const other = context.services.reader.list(priorityclasses).find((c) => c.globalDefault && c.metadata.name !== name);
    if (other) throw forbidden(attributes, `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`);
  },
};

function isClass({ definition, subresource, operation }: AdmissionAttributes): boolean {
  return definition.group === 'scheduling.k8s.io' && subresource === '' && (operation === 'CREATE' || operation === 'UPDATE');
}

/** What was computed once stays, also when the client leaves it out; validation refuses other values. */
function keep(spec: PodSpec, old: PodSpec): void {
  if (old.priority !== undefined) spec.priority ??= old.priority;
  if (old.preemptionPolicy !== undefined) spec.preemptionPolicy ??= old.preemptionPolicy;
}

interface Resolved {
  readonly name: string;
  readonly value: number;
  readonly preemptionPolicy: 'Never' | 'PreemptLowerPriority';
}

function resolve(name: string, reader: Reader): Resolved | undefined {
  const policy = (c: PriorityClass | undefined) => (c?.preemptionPolicy ?? 'PreemptLowerPriority') as Resolved['preemptionPolicy'];
  if (name === '') {
    // of several defaults the lowest holds
    const defaults = reader.list(priorityclasses).filter((c) => c.globalDefault);
    const chosen = defaults.sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
    return { name: chosen?.metadata.name ?? '', value: chosen?.value ?? 0, preemptionPolicy: policy(chosen) };
  }
  const found = reader.get(priorityclasses, '', name);
  const value = found?.value ?? SYSTEM[name];
  return value === undefined ? undefined : { name, value, preemptionPolicy: policy(found) };
}
