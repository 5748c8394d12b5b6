import { checkOptionalChoice, invalids } from '../meta/checks.js';
import { duplicate, type FieldError, type FieldPath, at, invalid, required } from '../meta/field-errors.js';
import { hasInvalidValues, validateLabelSelector } from '../meta/label-selector.js';
import { semanticEqual } from '../meta/metadata.js';
import { isDNS1035Label, isDNS1123Subdomain, isPortNumber } from '../meta/names.js';
import type { MutatingWebhook, ServiceReference, ValidatingWebhook } from '../types/admissionregistration-v1.gen.js';
import { MATCH_POLICIES, validateMatchConditions, validateRule } from './rule-validation.js';

type Webhook = ValidatingWebhook | MutatingWebhook;

const WEBHOOKS = at('webhooks');
export const FAILURE_POLICIES = ['Fail', 'Ignore'];
export const REINVOCATION_POLICIES = ['IfNeeded', 'Never'];
const NO_SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const SIDE_EFFECTS = [...NO_SIDE_EFFECTS, 'Some', 'Unknown'];
const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const MAX_TIMEOUT = 30;
const URL_FORM = '; desired format: https://host[/path]';

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
      ...validateWebhook(webhook, strict, path),
      ...validateReviewVersions(webhook.admissionReviewVersions ?? [], strict.reviewVersions, path.child('admissionReviewVersions')),
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
    reviewVersions: old.every(({ admissionReviewVersions: versions }) => versions.length === 0 || hasKnownVersion(versions)),
    uniqueNames: new Set(old.map(({ name }) => name)).size === old.length,
    selectorValues: !old.some((w) => hasInvalidValues(w.namespaceSelector) || hasInvalidValues(w.objectSelector)),
    conditions: !semanticEqual(
      webhooks.map((w) => w.matchConditions),
      old.map((w) => w.matchConditions),
    ),
  };
}

function validateWebhook(webhook: Webhook, strict: Strictness, path: FieldPath): FieldError[] {
  const { name, failurePolicy, matchPolicy, timeoutSeconds: timeout } = webhook;
  const errors = validateName(name, path.child('name'));
  for (const [i, rule] of (webhook.rules ?? []).entries()) errors.push(...validateRule(rule, path.child('rules').index(i)));
  const sideEffects = (webhook.sideEffects as string | null) ?? undefined;
  const allowed = strict.sideEffects ? NO_SIDE_EFFECTS : SIDE_EFFECTS;
  errors.push(
    ...checkOptionalChoice(path.child('failurePolicy'), failurePolicy, FAILURE_POLICIES),
    ...checkOptionalChoice(path.child('matchPolicy'), matchPolicy, MATCH_POLICIES),
  );
  if (sideEffects === undefined) errors.push(required(path.child('sideEffects'), `must specify one of ${allowed.join(', ')}`));
  errors.push(...checkOptionalChoice(path.child('sideEffects'), sideEffects, allowed));
  if (timeout !== undefined && (timeout > MAX_TIMEOUT || timeout < 1))
    errors.push(invalid(path.child('timeoutSeconds'), timeout, `the timeout value must be between 1 and ${MAX_TIMEOUT} seconds`));
  const selector = { allowInvalidValues: !strict.selectorValues };
  errors.push(
    ...validateLabelSelector(webhook.namespaceSelector, path.child('namespaceSelector'), selector),
    ...validateLabelSelector(webhook.objectSelector, path.child('objectSelector'), selector),
  );
  if ('reinvocationPolicy' in webhook)
    errors.push(...checkOptionalChoice(path.child('reinvocationPolicy'), webhook.reinvocationPolicy, REINVOCATION_POLICIES));
  errors.push(...validateClient(webhook, path.child('clientConfig')));
  return strict.conditions ? [...errors, ...validateMatchConditions(webhook.matchConditions ?? [], path.child('matchConditions'))] : errors;
}

/** A domain of three or more segments. */
function validateName(name: string, path: FieldPath): FieldError[] {
  if (name === '') return [required(path)];
  const problems = isDNS1123Subdomain(name);
  if (problems.length > 0) return [invalid(path, name, problems.join(','))];
  return name.split('.').length < 3 ? [invalid(path, name, 'should be a domain with at least three segments separated by dots')] : [];
}

function hasKnownVersion(versions: readonly string[]): boolean {
  return versions.some((v) => REVIEW_VERSIONS.includes(v));
}

function validateReviewVersions(versions: readonly string[], requireKnown: boolean, path: FieldPath): FieldError[] {
  if (versions.length === 0) return [required(path, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)];
  const seen = new Set<string>();
  const errors = versions.flatMap((version, i) => {
    const repeated = seen.has(version);
    seen.add(version);
    return (repeated ? ['duplicate version'] : isDNS1035Label(version)).map((m) => invalid(path.index(i), version, m));
  });
  if (requireKnown && !hasKnownVersion(versions))
    errors.push(invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  return errors;
}

function validateClient({ clientConfig: { url, service } }: Webhook, path: FieldPath): FieldError[] {
  if (url !== undefined && !service) return validateUrl(url, path.child('url'));
  if (service && url === undefined) return validateService(service, path.child('service'));
  return [required(path, 'exactly one of url or service is required')];
}

function validateUrl(text: string, path: FieldPath): FieldError[] {
  const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/.exec(text);
  if (!match) return [required(path, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URL${URL_FORM}`)];
  const [, scheme = '', user, host = '', query = '', fragment = ''] = match;
  const errors: FieldError[] = [];
  if (scheme.toLowerCase() !== 'https') errors.push(invalid(path, scheme, `'https' is the only allowed URL scheme${URL_FORM}`));
  if (host === '') errors.push(invalid(path, '', `host must be specified${URL_FORM}`));
  if (user !== undefined) errors.push(invalid(path, user, 'user information is not permitted in the URL'));
  if (fragment !== '') errors.push(invalid(path, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalid(path, query, 'query parameters are not permitted in the URL'));
  return errors;
}

function validateService({ name, namespace, path: urlPath, port = 0 }: ServiceReference, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  // upstream hands name and namespace over in each other's place
  if (namespace === '') errors.push(required(path.child('name')));
  if (name === '') errors.push(required(path.child('namespace')));
  const problems = isPortNumber(port);
  if (problems.length > 0) errors.push(invalid(path.child('port'), port, `port is not valid: ${problems.join(', ')}`));
  return urlPath === undefined ? errors : [...errors, ...invalids(path.child('path'), urlPath, pathProblems(urlPath))];
}

function pathProblems(path: string): string[] {
  if (path === '' || path === '/') return [];
  if (path === '//') return ['segment[0] may not be empty'];
  const problems = path.startsWith('/') ? [] : ["must start with a '/'"];
  for (const [i, step] of path.slice(1).replace(/\/$/, '').split('/').entries()) {
    if (step === '') problems.push(`segment[${i}] may not be empty`);
    else problems.push(...isDNS1123Subdomain(step).map((m) => `segment[${i}]: ${m}`));
  }
  return problems;
}
