// Environment variables of containers, and where their values come from.
import { type FieldError, type FieldPath, invalid, required } from '../../meta/field-errors.js';
import { isConfigMapKey, isRelaxedEnvVarName, nameIsDNSSubdomain } from '../../meta/names.js';
import type { EnvFromSource, EnvVar, EnvVarSource, FileKeySelector } from '../../types/core-v1.gen.js';
import { invalids, validateDNSLabel, validateDNSSubdomain, validateNoBacksteps } from '../../meta/checks.js';
import { ENV_FIELDS, validateFieldRef, validateResourceFieldRef } from './field-refs.js';

/** @returns what is wrong with variables: their names, and where their values come from */
export function validateEnv(variables: readonly EnvVar[], path: FieldPath): FieldError[] {
  return variables.flatMap((variable, i) => {
    const at = path.index(i);
    const name = variable.name
      ? invalids(at.child('name'), variable.name, isRelaxedEnvVarName(variable.name))
      : [required(at.child('name'))];
    return variable.valueFrom ? [...name, ...validateValueFrom(variable.valueFrom, at.child('valueFrom'), variable.value)] : name;
  });
}

function validateValueFrom(source: EnvVarSource, path: FieldPath, value: string | undefined): FieldError[] {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  const errors: FieldError[] = [];
  if (fieldRef) errors.push(...validateFieldRef(fieldRef, path.child('fieldRef'), ENV_FIELDS));
  if (resourceFieldRef) errors.push(...validateResourceFieldRef(resourceFieldRef, path.child('resourceFieldRef'), false));
  if (configMapKeyRef) errors.push(...validateKeyRef(configMapKeyRef, path.child('configMapKeyRef')));
  if (secretKeyRef) errors.push(...validateKeyRef(secretKeyRef, path.child('secretKeyRef')));
  if (fileKeyRef) errors.push(...validateFileKeyRef(fileKeyRef, path.child('fileKeyRef')));
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length;
  const all = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
  if (count === 0) errors.push(invalid(path, '', all));
  else if (value) errors.push(invalid(path, '', 'may not be specified when `value` is not empty'));
  else if (count > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  return errors;
}

function validateKeyRef({ name = '', key }: { name?: string | undefined; key: string }, path: FieldPath): FieldError[] {
  const errors = validateDNSSubdomain(name, path.child('name'));
  return [...errors, ...(key ? invalids(path.child('key'), key, isConfigMapKey(key)) : [required(path.child('key'))])];
}

function validateFileKeyRef(ref: FileKeySelector, path: FieldPath): FieldError[] {
  return [
    ...(ref.key ? invalids(path.child('key'), ref.key, isRelaxedEnvVarName(ref.key)) : [required(path.child('key'))]),
    ...(ref.volumeName ? validateDNSLabel(ref.volumeName, path.child('volumeName')) : [required(path.child('volumeName'))]),
    ...(ref.path ? validateNoBacksteps(ref.path, path.child('path')) : [required(path.child('path'))]),
  ];
}

/** @returns what is wrong with whole ConfigMaps and Secrets as variables */
export function validateEnvFrom(sources: readonly EnvFromSource[], path: FieldPath): FieldError[] {
  return sources.flatMap(({ prefix, configMapRef, secretRef }, i) => {
    const at = path.index(i);
    const errors = prefix ? invalids(at.child('prefix'), prefix, isRelaxedEnvVarName(prefix)) : [];
    if (configMapRef) errors.push(...validateRef(configMapRef.name, at.child('configMapRef', 'name')));
    if (secretRef) errors.push(...validateRef(secretRef.name, at.child('secretRef', 'name')));
    // upstream leaves out which of the sources it is
    if (!configMapRef && !secretRef) errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (configMapRef && secretRef) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
    return errors;
  });
}

function validateRef(name: string | undefined, path: FieldPath): FieldError[] {
  // a name that ends in a dash is let through, as if it were a prefix
  return name ? invalids(path, name, nameIsDNSSubdomain(name, true)) : [required(path)];
}
