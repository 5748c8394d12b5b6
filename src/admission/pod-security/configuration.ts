// What PodSecurity is told: the policy of namespaces that ask for none, and who is exempt
// (pod-security-admission/admission/api, whose three versions are alike).
import { at, duplicate, type FieldError, type FieldPath, invalid } from '../../api/meta/field-errors.js';
import { nameIsDNSLabel, nameIsDNSSubdomain } from '../../api/meta/names.js';
import { listType } from '../../api/schema/types.js';
import { type ConfigurationDocument, configurationType, documentType, STRING } from '../configuration/document.js';
import { MODES, parseLevel, parseVersion, type Policy } from './policy.js';

/** What PodSecurity goes by beside the labels of namespaces. */
export interface PodSecurityConfiguration {
  readonly defaults: Policy;
  readonly exempt: {
    readonly usernames: readonly string[];
    readonly namespaces: readonly string[];
    readonly runtimeClasses: readonly string[];
  };
}

interface Written {
  readonly defaults?: Readonly<Record<string, string>>;
  readonly exemptions?: Partial<PodSecurityConfiguration['exempt']>;
}

const EXEMPTIONS = { usernames: listType(STRING), namespaces: listType(STRING), runtimeClasses: listType(STRING) };
const TYPE = documentType('v1.PodSecurityConfiguration', {
  defaults: configurationType(
    'v1.PodSecurityDefaults',
    Object.fromEntries(MODES.flatMap((m) => [m, `${m}-version`]).map((f) => [f, STRING])),
  ),
  exemptions: configurationType('v1.PodSecurityExemptions', EXEMPTIONS),
});
const KINDS = ['v1', 'v1beta1', 'v1alpha1'].map((version) => ({
  apiVersion: `pod-security.admission.config.k8s.io/${version}`,
  kind: 'PodSecurityConfiguration',
}));

/** @throws UserError when it is wrong. Without any, nobody is exempt and everything is allowed where no label says otherwise */
export function readConfiguration(document: ConfigurationDocument | undefined): PodSecurityConfiguration {
  const { defaults = {}, exemptions = {} } =
    document?.value === undefined ? {} : document.decode<Written>({ kinds: KINDS, type: TYPE, strict: true });
  const { usernames = [], namespaces = [], runtimeClasses = [] } = exemptions;
  const errors: FieldError[] = [];
  const checked = <T>(name: string, fallback: T & string, parse: (text: string) => { readonly value: T; readonly problem?: string }): T => {
    const text = defaults[name] || fallback;
    const { value, problem } = parse(text);
    if (problem !== undefined) errors.push(invalid(at('defaults', name), text, problem));
    return value;
  };
  const standard = (mode: string) => ({
    level: checked(mode, 'privileged', parseLevel),
    version: checked(`${mode}-version`, 'latest', parseVersion),
  });
  const policy = { enforce: standard('enforce'), warn: standard('warn'), audit: standard('audit') };
  const path = at('exemptions');
  errors.push(
    ...checkNames(namespaces, path.child('namespaces'), (name) => nameIsDNSLabel(name, false)),
    ...checkNames(runtimeClasses, path.child('runtimeClasses'), (name) => nameIsDNSSubdomain(name, false)),
    ...checkNames(usernames, path.child('usernames'), (name) => (name === '' ? ['username must not be empty'] : [])),
  );
  document?.refuse(errors);
  return { defaults: policy, exempt: { usernames, namespaces, runtimeClasses } };
}

/** Each is a good name, and there once. */
function checkNames(names: readonly string[], path: FieldPath, problemsOf: (name: string) => readonly string[]): FieldError[] {
  return names.flatMap((name, i) => {
    const problems = problemsOf(name);
    if (problems.length > 0) return [invalid(path.index(i), name, problems.join(', '))];
    return names.indexOf(name) < i ? [duplicate(path.index(i), name)] : [];
  });
}
