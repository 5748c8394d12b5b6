// What the policies of both kinds have in common. Expressions are not compiled: there is no CEL here yet.
import { invalids, validateChoice } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../meta/field-errors.js';
import { validateLabelSelector } from '../meta/label-selector.js';
import { semanticEqual } from '../meta/metadata.js';
import { isDNS1035Label, isDNS1123Subdomain, isPathSegmentName, nameIsDNSSubdomain } from '../meta/names.js';
import type {
  MutatingAdmissionPolicySpec,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicySpec,
  Variable,
} from '../types/admissionregistration-v1.gen.js';
import { validateMatchConditions, validateMatchResources } from './rule-validation.js';
import { FAILURE_POLICIES } from './webhook-validation.js';

type PolicySpec = ValidatingAdmissionPolicySpec | MutatingAdmissionPolicySpec;

const SPEC = at('spec');
const MATCH = SPEC.child('matchConstraints');
const NOT_FOUND_ACTIONS = ['Deny', 'Allow'];
const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

/** What is wrong with a policy, in the parts between which each kind puts its own. */
export interface PolicyErrors {
  /** What is wrong with when the policy applies. */
  readonly match: FieldError[];
  readonly conditions: FieldError[];
  readonly variables: FieldError[];
}

/** @param old what it has already need not be judged again */
export function validatePolicy(spec: PolicySpec, old?: PolicySpec): PolicyErrors {
  const { failurePolicy, paramKind, matchConstraints } = spec;
  const match: FieldError[] = [];
  if (failurePolicy === undefined) match.push(required(SPEC.child('failurePolicy')));
  else if (!FAILURE_POLICIES.includes(failurePolicy))
    match.push(notSupported(SPEC.child('failurePolicy'), failurePolicy, FAILURE_POLICIES));
  if (paramKind) match.push(...validateParamKind(paramKind, SPEC.child('paramKind')));
  if (matchConstraints) {
    match.push(...validateMatchResources(matchConstraints, MATCH));
    if (!matchConstraints.resourceRules?.length) match.push(required(MATCH.child('resourceRules')));
  } else match.push(required(MATCH));
  const isOld = old && semanticEqual(paramKind, old.paramKind) && semanticEqual(spec.matchConditions, old.matchConditions);
  return {
    match,
    conditions: isOld ? [] : validateMatchConditions(spec.matchConditions ?? [], SPEC.child('matchConditions')),
    variables: (spec.variables ?? []).flatMap((v, i) => validateVariable(v, SPEC.child('variables').index(i))),
  };
}

function validateVariable({ name, expression }: Variable, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (!name.trim()) errors.push(required(path.child('name'), 'name is not specified'));
  else if (!IDENTIFIER.test(name) || RESERVED.has(name)) errors.push(invalid(path.child('name'), name, 'must be a valid CEL identifier'));
  if (!expression.trim()) errors.push(required(path.child('expression'), 'expression is not specified'));
  return errors;
}

function validateParamKind({ apiVersion, kind }: ParamKind, path: FieldPath): FieldError[] {
  const errors = validateApiVersion(apiVersion ?? '', path.child('apiVersion'));
  if (!kind) return [...errors, required(path.child('kind'))];
  const problems = isDNS1035Label(kind.toLowerCase());
  if (problems.length > 0)
    errors.push(invalid(path.child('kind'), kind, `may have mixed case, but should otherwise match: ${problems.join(',')}`));
  return errors;
}

function validateApiVersion(apiVersion: string, path: FieldPath): FieldError[] {
  if (apiVersion === '') return [required(path)];
  const parts = apiVersion === '/' ? [''] : apiVersion.split('/');
  if (parts.length > 2) return [invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const version = parts.pop() ?? '';
  const [group = ''] = parts;
  const errors: FieldError[] = [];
  const wrong = (value: string, problems: string[]) => {
    if (problems.length > 0) errors.push(invalid(path, value, problems.join(',')));
  };
  if (group !== '') wrong(group, isDNS1123Subdomain(group));
  if (version === '') errors.push(invalid(path, apiVersion, 'version must be specified'));
  else wrong(version, isDNS1035Label(version));
  return errors;
}

/** What is wrong with what both kinds of bindings say: the policy, its parameters and what it is for. */
export function validatePolicyName(policyName: string | undefined): FieldError[] {
  const path = SPEC.child('policyName');
  return policyName ? invalids(path, policyName, nameIsDNSSubdomain(policyName, false)) : [required(path)];
}

/** Parameters are named or selected, not both. */
export function validateParamRef(ref: ParamRef | undefined): FieldError[] {
  if (!ref) return [];
  const path = SPEC.child('paramRef');
  const { name, selector, parameterNotFoundAction: action } = ref;
  const errors: FieldError[] = [];
  if (name) {
    errors.push(...invalids(path.child('name'), name, isPathSegmentName(name)));
    if (selector) errors.push(forbidden(path.child('name'), 'name and selector are mutually exclusive'));
  }
  errors.push(...validateLabelSelector(selector, path.child('selector')));
  if (selector && name) errors.push(forbidden(path.child('selector'), 'name and selector are mutually exclusive'));
  if (!selector && !name) errors.push(required(path, 'one of name or selector must be specified'));
  return [...errors, ...validateChoice(action, path.child('parameterNotFoundAction'), NOT_FOUND_ACTIONS)];
}
