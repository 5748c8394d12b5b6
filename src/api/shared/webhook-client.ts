// How webhooks are called: the address of one, and the versions of the reviews it reads. Shared by those of admission and of
// conversion; as k8s.io/apiserver/pkg/util/webhook/validation.go.
import { type FieldError, type FieldPath, invalid, required } from '../meta/field-errors.js';
import { isDNS1035Label, isDNS1123Subdomain, isPortNumber } from '../meta/names.js';

/** Versions of reviews this server speaks. */
export const REVIEW_VERSIONS: readonly string[] = ['v1', 'v1beta1'];
const URL_FORM = '; desired format: https://host[/path]';

interface Service {
  readonly name: string;
  readonly namespace: string;
  readonly path?: string | undefined;
  readonly port?: number | undefined;
}

/** The address of a webhook. */
export interface WebhookClient {
  readonly url?: string | undefined;
  readonly service?: Service | undefined;
}

/** Whether one of the versions is one this server speaks. */
export function hasKnownReviewVersion(versions: readonly string[]): boolean {
  return versions.some((v) => REVIEW_VERSIONS.includes(v));
}

/** @returns what is wrong with the versions of reviews a webhook reads; `missing`: what is said when there are none */
export function validateReviewVersions(
  versions: readonly string[],
  path: FieldPath,
  { requireKnown, missing }: { readonly requireKnown: boolean; readonly missing: string },
): FieldError[] {
  if (versions.length === 0) return [required(path, missing)];
  const seen = new Set<string>();
  const errors = versions.flatMap((version, i) => {
    const repeated = seen.has(version);
    seen.add(version);
    return (repeated ? ['duplicate version'] : isDNS1035Label(version)).map((m) => invalid(path.index(i), version, m));
  });
  if (requireKnown && !hasKnownReviewVersion(versions))
    errors.push(invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  return errors;
}

/** @returns what is wrong with the address of a webhook: a URL, or a service */
export function validateWebhookClient({ url, service }: WebhookClient, path: FieldPath): FieldError[] {
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

function validateService({ name, namespace, path: urlPath, port = 0 }: Service, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  // upstream hands name and namespace over in each other's place
  if (namespace === '') errors.push(required(path.child('name')));
  if (name === '') errors.push(required(path.child('namespace')));
  const problems = isPortNumber(port);
  if (problems.length > 0) errors.push(invalid(path.child('port'), port, `port is not valid: ${problems.join(', ')}`));
  return urlPath === undefined ? errors : [...errors, ...pathProblems(urlPath).map((m) => invalid(path.child('path'), urlPath, m))];
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
