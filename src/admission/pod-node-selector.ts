// The pods of a namespace run on the nodes that an annotation of the namespace selects.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#podnodeselector
import type { AdmissionAttributes } from '../api/admission.js';
import * as errors from '../api/meta/errors.js';
import { isLabelValue, isQualifiedName } from '../api/meta/names.js';
import { goQuote } from '../api/meta/quote.js';
import { namespaces } from '../api/meta/resources.gen.js';
import { isCore, podOf, type Step } from './step.js';

const ANNOTATION = 'scheduler.alpha.kubernetes.io/node-selector';

export const podNodeSelector: Step = {
  name: 'PodNodeSelector',
  onByDefault: false,
  handles: (attributes) => isCore(attributes, 'pods'),
  mutate(attributes) {
    const selector = checkedSelector(attributes);
    const { spec } = podOf(attributes);
    const merged = { ...selector, ...spec.nodeSelector };
    if (Object.keys(merged).length > 0) spec.nodeSelector = merged;
  },
  validate(attributes) {
    checkedSelector(attributes);
  },
};

/** The selector of the namespace. @throws ApiError when it cannot be read, or when the pod wants something else */
function checkedSelector(attributes: AdmissionAttributes): Record<string, string> {
  const { definition, namespace, context } = attributes;
  const text = context.services.reader.get(namespaces, '', namespace)?.metadata.annotations?.[ANNOTATION] ?? '';
  const selector = parse(text);
  const { metadata, spec } = podOf(attributes);
  const conflicts = Object.entries(spec.nodeSelector ?? {}).some(([key, value]) => Object.hasOwn(selector, key) && selector[key] !== value);
  if (conflicts)
    throw errors.forbidden(definition, metadata.name ?? '', 'pod node label selector conflicts with its namespace node label selector');
  return selector;
}

/** `a=b,c=d` (apimachinery's labels.ConvertSelectorToLabelsMap, with its messages) */
function parse(text: string): Record<string, string> {
  const labels = text === '' ? [] : text.split(',').map((label) => label.split('='));
  return Object.fromEntries(
    labels.map((parts) => {
      const [key = '', value = ''] = parts.map((part) => part.trim());
      if (parts.length !== 2) throw new errors.ApiError({ code: 500, message: `invalid selector: [${parts.join(' ')}]` });
      check('<nil>', key, isQualifiedName(key));
      check(`[${key}]`, value, isLabelValue(value));
      return [key, value];
    }),
  );
}

function check(path: string, value: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new errors.ApiError({ code: 500, message: `${path}: Invalid value: ${goQuote(value)}: ${problems.join('; ')}` });
}
