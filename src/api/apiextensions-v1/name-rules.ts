import { requireText, validateChoice } from '../meta/checks.js';
import { type FieldError, type FieldPath, invalid, required } from '../meta/field-errors.js';
import { isDNS1035Label, isDNS1123Subdomain } from '../meta/names.js';
import type { CustomResourceDefinitionNames, CustomResourceDefinitionSpec } from '../types/apiextensions-v1.gen.js';

const SCOPES = ['Cluster', 'Namespaced'];

/** @returns what is wrong with the group and the scope of a definition */
export function validateGroupAndScope({ group, scope }: CustomResourceDefinitionSpec, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const problems = group === '' ? [] : isDNS1123Subdomain(group);
  if (group === '') errors.push(required(path.child('group')));
  else if (problems.length > 0) errors.push(invalid(path.child('group'), group, problems.join(',')));
  else if (!group.includes('.')) errors.push(invalid(path.child('group'), group, 'should be a domain with at least one dot'));
  return [...errors, ...validateChoice(scope, path.child('scope'), SCOPES)];
}

/** @returns which names are missing: a definition has them all, its status may not yet */
export function validateRequiredNames(names: CustomResourceDefinitionNames, path: FieldPath): FieldError[] {
  return (['plural', 'singular', 'kind', 'listKind'] as const).flatMap((name) => requireText(names[name], path.child(name)));
}

/** @returns what is wrong with the names there are */
export function validateNames(names: CustomResourceDefinitionNames, path: FieldPath): FieldError[] {
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names;
  const label = (at: FieldPath, value: string | undefined): FieldError[] => {
    const problems = value === undefined ? [] : isDNS1035Label(value);
    return problems.length > 0 ? [invalid(at, value, problems.join(','))] : [];
  };
  const mixed = (at: FieldPath, value: string | undefined): FieldError[] => {
    const problems = value ? isDNS1035Label(value.toLowerCase()) : [];
    return problems.length > 0 ? [invalid(at, value, `may have mixed case, but should otherwise match: ${problems.join(',')}`)] : [];
  };
  return [
    ...label(path.child('plural'), plural || undefined),
    ...label(path.child('singular'), singular || undefined),
    ...mixed(path.child('kind'), kind),
    ...mixed(path.child('listKind'), listKind),
    ...shortNames.flatMap((name, i) => label(path.child('shortNames').index(i), name)),
    ...(kind && kind === listKind ? [invalid(path.child('listKind'), listKind, 'kind and listKind may not be the same')] : []),
    ...categories.flatMap((name, i) => label(path.child('categories').index(i), name)),
  ];
}
