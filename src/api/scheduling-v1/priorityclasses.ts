import { define } from '../definition.js';
import { forbidden as refused } from '../meta/errors.js';
import { validateChoice } from '../meta/checks.js';
import { at, type FieldError, forbidden } from '../meta/field-errors.js';
import { validateImmutable } from '../meta/metadata.js';
import { age } from '../shared/format.js';
import type { PriorityClass } from '../types/scheduling-v1.gen.js';

const HIGHEST = 1_000_000_000;
const SYSTEM_PREFIX = 'system-';
const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  'system-node-critical': 2 * HIGHEST + 1000,
  'system-cluster-critical': 2 * HIGHEST,
};
const POLICIES = ['PreemptLowerPriority', 'Never'];

export default define<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  resource: 'priorityclasses',
  ownMetadataChecks: { whole: false },
  generation: true,
  // the generation of a new class is 1 and stays so
  specChanged: () => false,
  defaults: (priorityClass) => {
    priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  validate,
  validateUpdate: (priorityClass, old) => {
    const changed = (priorityClass.value ?? 0) !== (old.value ?? 0);
    return [
      ...(changed ? [forbidden(at('value'), 'may not be changed in an update.')] : []),
      ...validateImmutable(priorityClass.preemptionPolicy, old.preemptionPolicy, at('preemptionPolicy')),
    ];
  },
  checkDelete: ({ metadata: { name } }) => {
    if (!SYSTEM_CLASSES[name]) return;
    const named = { group: 'scheduling.k8s.io', resource: 'priorityclasses' };
    throw refused(named, name, 'this is a system priority class and cannot be deleted');
  },
  row: (priorityClass, { now }) => [
    priorityClass.metadata.name,
    priorityClass.value ?? 0,
    priorityClass.globalDefault ?? false,
    age(priorityClass, now),
    priorityClass.preemptionPolicy ?? '',
  ],
});

function validate({ metadata, value = 0, globalDefault = false, preemptionPolicy: policy }: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  const { name } = metadata;
  if (name.startsWith(SYSTEM_PREFIX)) {
    const problem = systemProblem(name, value, globalDefault);
    if (problem !== undefined)
      errors.push(
        forbidden(
          at('metadata', 'name'),
          `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${problem}`,
        ),
      );
  } else if (value > HIGHEST) errors.push(forbidden(at('value'), `maximum allowed value of a user defined priority is ${HIGHEST}`));
  return policy === undefined ? errors : [...errors, ...validateChoice(policy, at('preemptionPolicy'), POLICIES)];
}

function systemProblem(name: string, value: number, globalDefault: boolean): string | undefined {
  const wanted = SYSTEM_CLASSES[name];
  if (wanted === undefined) return `${name} is not a known system priority class`;
  if (value !== wanted) return `value of ${name} PriorityClass must be ${wanted}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}
