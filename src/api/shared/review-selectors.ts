// The selectors that access reviews ask about. What cannot be understood is left out, which asks for more rights, and told.
import type { AuthorizationAttributes } from '../context.js';
import { parseFieldSelector, parseLabelSelector } from '../meta/selectors.js';
import type { ResourceAttributes } from '../types/authorization-v1.gen.js';
import type { FieldSelectorRequirement } from '../types/meta-v1.gen.js';

/** Fields know no other operators than these, with one value. */
const FIELD_OPERATORS: Readonly<Record<string, string>> = { In: '=', NotIn: '!=' };
const LABEL_OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** @returns the selectors as the authorizer is asked about them */
export function askedSelectors({
  fieldSelector,
  labelSelector,
}: ResourceAttributes): Pick<AuthorizationAttributes, 'fieldSelector' | 'labelSelector'> {
  const { rawSelector: fields = '', requirements = [] } = fieldSelector ?? {};
  const { rawSelector: labels = '' } = labelSelector ?? {};
  const text = fields === '' ? requirements.filter(isFieldRequirement).map(fieldText).join(',') : fields;
  return {
    ...(fieldSelector && isReadable(text, parseFieldSelector) && { fieldSelector: text }),
    ...(labels !== '' && isReadable(labels, parseLabelSelector) && { labelSelector: labels }),
  };
}

/** @returns which selectors were left out, wholly or in parts; undefined: none */
export function selectorProblem({ fieldSelector, labelSelector }: ResourceAttributes): string | undefined {
  const problems = [
    problemOf('fieldSelector', fieldSelector, parseFieldSelector, isFieldRequirement),
    problemOf('labelSelector', labelSelector, parseLabelSelector, ({ operator }) => LABEL_OPERATORS.includes(operator)),
  ].flatMap((problem) => problem ?? []);
  return problems.length > 0 ? problems.join('; ') : undefined;
}

function problemOf(
  name: string,
  selector: ResourceAttributes['fieldSelector'],
  parse: (text: string) => unknown,
  isKnown: (requirement: FieldSelectorRequirement) => boolean,
): string | undefined {
  const { rawSelector = '', requirements = [] } = selector ?? {};
  const known = requirements.filter(isKnown);
  if (isReadable(rawSelector, parse) && known.length === requirements.length) return undefined;
  return `spec.resourceAttributes.${name} ${known.length > 0 ? 'partially ' : ''}ignored due to parse error`;
}

function isFieldRequirement({ operator, values }: FieldSelectorRequirement): boolean {
  return FIELD_OPERATORS[operator] !== undefined && values?.length === 1;
}

function fieldText({ key, operator, values }: FieldSelectorRequirement): string {
  return `${key}${FIELD_OPERATORS[operator]}${(values?.[0] ?? '').replace(/[\\,=]/g, '\\$&')}`;
}

function isReadable(text: string, parse: (text: string) => unknown): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}
