import { validateOptionalChoice } from '../meta/checks.js';
import { duplicate, type FieldError, type FieldPath, at, invalid, required } from '../meta/field-errors.js';
import { hasInvalidValues, validateLabelSelector } from '../meta/label-selector.js';
import { semanticEqual } from '../meta/metadata.js';
import { isDNS1123Subdomain } from '../meta/names.js';
import { hasKnownReviewVersion, REVIEW_VERSIONS, validateReviewVersions, validateWebhookClient } from '../shared/webhook-client.js';
import type { MutatingWebhook, ValidatingWebhook } from '../types/admissionregistration-v1.gen.js';
import { MATCH_POLICIES, validateMatchConditions, validateRule } from './rule-validation.js';

type Webhook = ValidatingWebhook | MutatingWebhook;

const WEBHOOKS = at('webhooks');
export const FAILURE_POLICIES = ['Fail', 'Ignore'];
export const REINVOCATION_POLICIES = ['IfNeeded', 'Never'];
const NO_SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const SIDE_EFFECTS = [...NO_SIDE_EFFECTS, 'Some', 'Unknown'];
const MAX_TIMEOUT = 30;

/** Rules an object keeps to if it did before. */
interface Strictness {
  readonly sideEffects: boolean;
  readonly reviewVersions: boolean;
  readonly uniqueNames: boolean;
  readonly selectorValues: boolean;
  readonly conditions: boolean;
}

/** What is wrong with the webhooks of a configuration; what was wrong before may stay. */
export function validateWebhooks(webhooks: readonly Webhook[], old?: readonly Webhook[]): FieldError[] {
  const strict = strictness(webhooks, old);
  const names = new Set<string>();
  return webhooks.flatMap((webhook, i) => {
    const path = WEBHOOKS.index(i);
    const { name } = webhook;
    const errors = [
      ...validateWebhook(webhook, path, strict),
      ...validateReviewVersions(webhook.admissionReviewVersions ?? [], path.child('admissionReviewVersions'), {
        requireKnown: strict.reviewVersions,
        missing: `must specify one of ${REVIEW_VERSIONS.join(', ')}`,
      }),
    ];
    if (strict.uniqueNames && name !== '' && names.has(name)) errors.push(duplicate(path.child('name'), name));
    names.add(name);
    return errors;
  });
}

function strictness(webhooks: readonly Webhook[], old?: readonly Webhook[]): Strictness {
  if (!old) return { sideEffects: true, reviewVersions: true, uniqueNames: true, selectorValues: true, conditions: true };
  return {
    sideEffects: old.every(({ sideEffects }) => NO_SIDE_EFFECTS.includes(sideEffects)),
    reviewVersions: old.every(({ admissionReviewVersions: versions }) => versions.length === 0 || hasKnownReviewVersion(versions)),
    uniqueNames: new Set(old.map(({ name }) => name)).size === old.length,
    selectorValues: !old.some((w) => hasInvalidValues(w.namespaceSelector) || hasInvalidValues(w.objectSelector)),
    conditions: !semanticEqual(
      webhooks.map((w) => w.matchConditions),
      old.map((w) => w.matchConditions),
    ),
  };
}

function validateWebhook(webhook: Webhook, path: FieldPath, strict: Strictness): FieldError[] {
  const { name, failurePolicy, matchPolicy, timeoutSeconds: timeout } = webhook;
  const errors = validateName(name, path.child('name'));
  for (const [i, rule] of (webhook.rules ?? []).entries()) errors.push(...validateRule(rule, path.child('rules').index(i)));
  const sideEffects = (webhook.sideEffects as string | null) ?? undefined;
  const allowed = strict.sideEffects ? NO_SIDE_EFFECTS : SIDE_EFFECTS;
  errors.push(
    ...validateOptionalChoice(failurePolicy, path.child('failurePolicy'), FAILURE_POLICIES),
    ...validateOptionalChoice(matchPolicy, path.child('matchPolicy'), MATCH_POLICIES),
  );
  if (sideEffects === undefined) errors.push(required(path.child('sideEffects'), `must specify one of ${allowed.join(', ')}`));
  errors.push(...validateOptionalChoice(sideEffects, path.child('sideEffects'), allowed));
  if (timeout !== undefined && (timeout > MAX_TIMEOUT || timeout < 1))
    errors.push(invalid(path.child('timeoutSeconds'), timeout, `the timeout value must be between 1 and ${MAX_TIMEOUT} seconds`));
  const selector = { allowInvalidValues: !strict.selectorValues };
  errors.push(
    ...validateLabelSelector(webhook.namespaceSelector, path.child('namespaceSelector'), selector),
    ...validateLabelSelector(webhook.objectSelector, path.child('objectSelector'), selector),
  );
  if ('reinvocationPolicy' in webhook)
    errors.push(...validateOptionalChoice(webhook.reinvocationPolicy, path.child('reinvocationPolicy'), REINVOCATION_POLICIES));
  errors.push(...validateWebhookClient(webhook.clientConfig, path.child('clientConfig')));
  return strict.conditions ? [...errors, ...validateMatchConditions(webhook.matchConditions ?? [], path.child('matchConditions'))] : errors;
}

/** A domain of three or more segments. */
function validateName(name: string, path: FieldPath): FieldError[] {
  if (name === '') return [required(path)];
  const problems = isDNS1123Subdomain(name);
  if (problems.length > 0) return [invalid(path, name, problems.join(','))];
  return name.split('.').length < 3 ? [invalid(path, name, 'should be a domain with at least three segments separated by dots')] : [];
}
