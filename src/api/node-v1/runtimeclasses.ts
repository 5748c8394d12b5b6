import { define } from '../definition.js';
import { invalids } from '../meta/checks.js';
import { at, duplicate, type FieldError, required } from '../meta/field-errors.js';
import { validateImmutable, validateLabels } from '../meta/metadata.js';
import { nameIsDNSLabel } from '../meta/names.js';
import { age } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import { roundQuantities } from '../shared/pod/defaults.js';
import { validateContainerResources } from '../shared/pod/resource-rules.js';
import { validateTolerations } from '../shared/pod/scheduling.js';
import { NODE_LABELS } from '../shared/pod/warnings.js';
import type { RuntimeClass } from '../types/node-v1.gen.js';

export default define<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  resource: 'runtimeclasses',
  plainFinalizers: true,
  unconditionalUpdate: false,
  defaults: ({ overhead }) => roundQuantities(overhead?.podFixed),
  validate,
  validateUpdate: (runtimeClass, old) => [
    ...validate(runtimeClass),
    ...validateImmutable(runtimeClass.handler, old.handler, at('handler')),
  ],
  warnings: ({ scheduling }) =>
    Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) =>
      NODE_LABELS[key] ? [`scheduling.nodeSelector: ${NODE_LABELS[key]}`] : [],
    ),
  row: (runtimeClass, { now }) => [runtimeClass.metadata.name, runtimeClass.handler, age(runtimeClass, now)],
});

function validate({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  const errors = handler ? invalids(at('handler'), handler, nameIsDNSLabel(handler, false)) : [required(at('handler'))];
  if (overhead) errors.push(...validateContainerResources({ limits: overhead.podFixed }, at('overhead'), new Set()));
  if (!scheduling) return errors;
  if (scheduling.nodeSelector) errors.push(...validateLabels(scheduling.nodeSelector, at('scheduling', 'nodeSelector')));
  const path = at('scheduling', 'tolerations');
  const tolerations = scheduling.tolerations ?? [];
  errors.push(...validateTolerations(tolerations, path));
  const seen = new Set<string>();
  tolerations.forEach((toleration, i) => {
    const { key = '', operator = '', value = '', effect = '' } = toleration;
    const identity = JSON.stringify([key, operator, value, effect]);
    if (seen.has(identity)) errors.push(duplicate(path.index(i), goValue(toleration, 'core.Toleration')));
    seen.add(identity);
  });
  return errors;
}
