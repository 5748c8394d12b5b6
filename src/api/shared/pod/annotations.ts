// Annotations of pods and templates that mean something to the server: mirror pods, deletion cost, and the old forms of
// seccomp and AppArmor profiles.
import { at, type FieldError, type FieldPath, forbidden, invalid } from '../../meta/field-errors.js';
import type { AppArmorProfile, Pod, PodSpec, SeccompProfile, Toleration } from '../../types/core-v1.gen.js';
import { jsonSyntaxError } from '../go-json.js';
import { validateDescendingPath } from '../../meta/checks.js';
import {
  APPARMOR_ANNOTATION,
  MIRROR_ANNOTATION,
  POD_DELETION_COST_ANNOTATION,
  SECCOMP_CONTAINER_ANNOTATION,
  SECCOMP_POD_ANNOTATION,
} from '../../meta/well-known.js';
import { validateTolerations } from './scheduling.js';
import { validateAppArmorProfile } from './security.js';
import { placedContainers } from './visit.js';

type Annotations = Readonly<Record<string, string>>;

const TOLERATIONS = 'scheduler.alpha.kubernetes.io/tolerations';

/** @returns all that is wrong with annotations that have a meaning; `path` is that of the annotations */
export function validatePodAnnotations(annotations: Annotations, path: FieldPath, spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (annotations[MIRROR_ANNOTATION] !== undefined && !spec.nodeName)
    errors.push(
      invalid(path.key(MIRROR_ANNOTATION), annotations[MIRROR_ANNOTATION], 'must set spec.nodeName if mirror pod annotation is set'),
    );
  if (annotations[TOLERATIONS]) errors.push(...validateTolerationsText(annotations[TOLERATIONS], path));
  const cost = annotations[POD_DELETION_COST_ANNOTATION];
  if (cost !== undefined && !isInt32(cost)) errors.push(invalid(path.key(POD_DELETION_COST_ANNOTATION), cost, 'must be a 32bit integer'));
  const names = new Set(placedContainers(spec, path).map(({ container }) => container.name));
  for (const [key, value] of Object.entries(annotations)) {
    if (key === SECCOMP_POD_ANNOTATION || key.startsWith(SECCOMP_CONTAINER_ANNOTATION))
      errors.push(...validateSeccompName(value, path.child(key)));
    if (!key.startsWith(APPARMOR_ANNOTATION)) continue;
    const container = key.slice(APPARMOR_ANNOTATION.length);
    if (!names.has(container)) errors.push(invalid(path.key(key), container, 'container not found'));
    if (value !== '' && value !== 'runtime/default' && value !== 'unconfined' && !value.startsWith('localhost/'))
      errors.push(invalid(path.key(key), value, `invalid AppArmor profile name: ${JSON.stringify(value)}`));
  }
  return errors;
}

function validateTolerationsText(text: string, path: FieldPath): FieldError[] {
  // the text is a list; inside an object its syntax can be checked as that of any other
  const wrong = jsonSyntaxError(`{"":${text}}`);
  if (wrong) return [invalid(path, TOLERATIONS, wrong)];
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? validateTolerations(list as Toleration[], path.child(TOLERATIONS)) : [];
}

function isInt32(text: string): boolean {
  return /^(?:0|-?[0-9]+)$/.test(text) && !/^0./.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31;
}

function validateSeccompName(name: string, path: FieldPath): FieldError[] {
  if (name === 'runtime/default' || name === 'docker/default' || name === 'unconfined') return [];
  if (name.startsWith('localhost/')) return validateDescendingPath(name.slice('localhost/'.length), path);
  return [invalid(path, name, 'must be a valid seccomp profile')];
}

/** @returns where an update touches annotations that are fixed for the life of a pod */
export function validateAnnotationsUpdate(pod: Pod, old: Pod, path: FieldPath): FieldError[] {
  const [now, before] = [pod.metadata.annotations ?? {}, old.metadata.annotations ?? {}];
  const errors: FieldError[] = [];
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (now[key] === before[key]) continue;
    const verb = before[key] === undefined ? 'add' : 'remove or update';
    if (key.startsWith(APPARMOR_ANNOTATION)) errors.push(forbidden(path.key(key), `may not ${verb} AppArmor annotations`));
    if (key === MIRROR_ANNOTATION) errors.push(forbidden(path.key(key), `may not ${verb} mirror pod annotation`));
  }
  return [...errors, ...validatePodAnnotations(now, path, pod.spec)];
}

/** @returns where a profile's field and its old annotation say different things; `path` is that of the spec */
export function validateProfilesAgree(annotations: Annotations, path: FieldPath, spec: PodSpec): FieldError[] {
  const errors = profileConflict(
    'seccomp',
    annotations[SECCOMP_POD_ANNOTATION],
    spec.securityContext?.seccompProfile,
    path.child('securityContext', 'seccompProfile'),
  );
  for (const { container, path: at } of placedContainers(spec, path)) {
    const context = container.securityContext;
    const seccomp = annotations[SECCOMP_CONTAINER_ANNOTATION + container.name];
    errors.push(...profileConflict('seccomp', seccomp, context?.seccompProfile, at.child('securityContext', 'seccompProfile')));
    if (spec.os?.name === 'windows') continue;
    const profile = context?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    errors.push(
      ...profileConflict(
        'apparmor',
        annotations[APPARMOR_ANNOTATION + container.name],
        profile,
        at.child('securityContext', 'appArmorProfile'),
      ),
    );
  }
  return errors;
}

function profileConflict(
  what: 'seccomp' | 'apparmor',
  name: string | undefined,
  profile: SeccompProfile | AppArmorProfile | undefined,
  path: FieldPath,
): FieldError[] {
  if (name === undefined || !profile) return [];
  const differ = (field: string, word: string) => [forbidden(path.child(field), `${what} ${word} in annotation and field must match`)];
  if (profile.type === 'Unconfined') return name === 'unconfined' ? [] : differ('type', 'type');
  if (profile.type === 'RuntimeDefault') {
    const same = name === 'runtime/default' || (what === 'seccomp' && name === 'docker/default');
    return same ? [] : differ('type', 'type');
  }
  if (profile.type !== 'Localhost') return [];
  if (!name.startsWith('localhost/')) return differ('type', 'type');
  return name.slice('localhost/'.length) === profile.localhostProfile ? [] : differ('localhostProfile', 'profile');
}

/** Fills in AppArmor profiles from their old annotations, in place. @returns warnings for each annotation that was used or could not be */
export function applyAppArmorAnnotations({ metadata, spec }: Pod): string[] {
  if (spec.os?.name === 'windows') return [];
  const podProfile = spec.securityContext?.appArmorProfile;
  return placedContainers(spec, at('spec')).flatMap(({ container }) => {
    const key = APPARMOR_ANNOTATION + container.name;
    const name = metadata.annotations?.[key];
    if (name === undefined || container.securityContext?.appArmorProfile) return [];
    const profile = appArmorProfile(name);
    if (profile && profile.type === podProfile?.type && profile.localhostProfile === podProfile.localhostProfile) return [];
    if (profile) container.securityContext = { ...container.securityContext, appArmorProfile: profile };
    return [`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`];
  });
}

function appArmorProfile(name: string): AppArmorProfile | undefined {
  if (name === 'unconfined') return { type: 'Unconfined' };
  if (name === 'runtime/default') return { type: 'RuntimeDefault' };
  if (!name.startsWith('localhost/') || name === 'localhost/') return undefined;
  const profile: AppArmorProfile = { type: 'Localhost', localhostProfile: name.slice('localhost/'.length) };
  return validateAppArmorProfile(profile, at()).length === 0 ? profile : undefined;
}
