// Which requests a flow schema is for.
import { invalids } from '../meta/checks.js';
import { type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../meta/field-errors.js';
import { nameIsDNSLabel, nameIsDNSSubdomain } from '../meta/names.js';
import type {
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from '../types/flowcontrol-v1.gen.js';

const ALL = '*';
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
/** The field of a subject by its kind, in the order in which the ones of other kinds are named. */
const SUBJECTS = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;
const OTHERS = {
  ServiceAccount: ['User', 'Group'],
  User: ['ServiceAccount', 'Group'],
  Group: ['ServiceAccount', 'User'],
} as const;

/** @returns what is wrong with the rules of a flow schema */
export function validateRules(rules: readonly PolicyRulesWithSubjects[], path: FieldPath): FieldError[] {
  return rules.flatMap((rule, i) => validateRule(rule, path.index(i)));
}

function validateRule(rule: PolicyRulesWithSubjects, path: FieldPath): FieldError[] {
  const subjects = rule.subjects ?? [];
  const resources = rule.resourceRules ?? [];
  const others = rule.nonResourceRules ?? [];
  const errors = subjects.flatMap((s, i) => validateSubject(s, path.child('subjects').index(i)));
  if (subjects.length === 0) errors.push(required(path.child('subjects'), 'subjects must contain at least one value'));
  if (resources.length === 0 && others.length === 0)
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  return [
    ...errors,
    ...resources.flatMap((r, i) => validateResourceRule(r, path.child('resourceRules').index(i))),
    ...others.flatMap((r, i) => validateNonResourceRule(r, path.child('nonResourceRules').index(i))),
  ];
}

function validateSubject(subject: Subject, path: FieldPath): FieldError[] {
  const { kind } = subject;
  if (kind !== 'ServiceAccount' && kind !== 'User' && kind !== 'Group')
    return [notSupported(path.child('kind'), kind, ['Group', 'ServiceAccount', 'User'])];
  const field = SUBJECTS[kind];
  const own = subject[field];
  const ownPath = path.child(field);
  const errors: FieldError[] = [];
  if (!own) errors.push(required(ownPath, `${field} is required when subject kind is '${kind}'`));
  else if (kind === 'ServiceAccount') errors.push(...validateServiceAccount(own as ServiceAccountSubject, ownPath));
  else if (!own.name) errors.push(required(ownPath.child('name')));
  for (const other of OTHERS[kind]) {
    const otherField = SUBJECTS[other];
    if (subject[otherField])
      errors.push(forbidden(path.child(otherField), `${otherField} is forbidden when subject kind is not '${other}'`));
  }
  return errors;
}

function validateServiceAccount({ name, namespace }: ServiceAccountSubject, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (!name) errors.push(required(path.child('name')));
  else if (name !== ALL) errors.push(...invalids(path.child('name'), name, nameIsDNSSubdomain(name, false)));
  if (!namespace) return [...errors, required(path.child('namespace'), 'must specify namespace for service account')];
  return [...errors, ...invalids(path.child('namespace'), namespace, nameIsDNSLabel(namespace, false))];
}

function validateResourceRule(rule: ResourcePolicyRule, path: FieldPath): FieldError[] {
  const { verbs, apiGroups, resources, clusterScope } = rule;
  const namespaces = rule.namespaces ?? [];
  const namespacesPath = path.child('namespaces');
  const errors = [
    ...validateVerbs(verbs, path.child('verbs')),
    ...validateNames(apiGroups, path.child('apiGroups'), 'api group'),
    ...validateNames(resources, path.child('resources'), 'resource'),
  ];
  if (namespaces.length === 0 && !clusterScope)
    errors.push(required(namespacesPath, 'resource rules that are not cluster scoped must supply at least one namespace'));
  else if (namespaces.includes(ALL)) errors.push(...onlyAll(namespaces, namespacesPath, 'namespaces'));
  else
    for (const [i, namespace] of namespaces.entries())
      errors.push(
        ...nameIsDNSLabel(namespace, false).map((m) =>
          invalid(namespacesPath.index(i), namespace, `each member of this list must be '*' or a DNS-1123 label; ${m}`),
        ),
      );
  return errors;
}

function validateNonResourceRule({ verbs, nonResourceURLs }: NonResourcePolicyRule, path: FieldPath): FieldError[] {
  const errors = validateVerbs(verbs, path.child('verbs'));
  const urls = nonResourceURLs ?? [];
  const urlsPath = path.child('nonResourceURLs');
  if (urls.length === 0) errors.push(required(urlsPath, 'nonResourceURLs must contain at least one value'));
  else if (urls.includes(ALL)) errors.push(...onlyAll(urls, urlsPath, 'non-resource URLs'));
  else
    for (const [i, url] of urls.entries()) {
      const problem = urlProblem(url);
      if (problem !== undefined) errors.push(invalid(urlsPath.index(i), url, problem));
    }
  return errors;
}

function validateVerbs(given: readonly string[] | null, path: FieldPath): FieldError[] {
  const verbs = given ?? [];
  if (verbs.length === 0) return [required(path, 'verbs must contain at least one value')];
  if (verbs.includes(ALL)) return onlyAll(verbs, path, 'verbs');
  return verbs.every((v) => VERBS.includes(v)) ? [] : [notSupported(path, verbs, VERBS)];
}

function validateNames(given: readonly string[] | null, path: FieldPath, what: string): FieldError[] {
  const names = given ?? [];
  if (names.length === 0) return [required(path, `resource rules must supply at least one ${what}`)];
  return names.includes(ALL) ? onlyAll(names, path, `${what}s`) : [];
}

/** "*" stands alone. */
function onlyAll(values: readonly string[], path: FieldPath, what: string): FieldError[] {
  return values.length > 1 ? [invalid(path, values, `if '*' is present, must not specify other ${what}`)] : [];
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const wildcard = url.indexOf(ALL);
  if (wildcard >= 0 && (wildcard !== url.length - 1 || !url.endsWith('/*'))) return 'wildcard can only do suffix matching';
  return undefined;
}
