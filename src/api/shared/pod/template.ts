// Pod templates: what controllers make pods from.
import { type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../../meta/field-errors.js';
import { wasGivenEmpty } from '../../meta/given-empty.js';
import { shownLabels } from '../../meta/label-selector.js';
import { validateAnnotations, validateLabels } from '../../meta/metadata.js';
import type { PodTemplateSpec } from '../../types/core-v1.gen.js';
import type { Selecting } from '../workload.js';
import { validatePodAnnotations, validateProfilesAgree } from './annotations.js';
import { validatePodSpec } from './spec.js';

/** What the rules of a template depend on. */
export interface TemplateScope {
  readonly allowPrivileged: boolean;
}

/** @returns all that is wrong with a template */
export function validatePodTemplate(
  template: PodTemplateSpec | undefined,
  path: FieldPath,
  { allowPrivileged }: TemplateScope,
): FieldError[] {
  const { labels, annotations = {} } = template?.metadata ?? {};
  const spec = template?.spec ?? { containers: [] };
  const errors = [
    ...validateLabels(labels, path.child('labels')),
    ...validateAnnotations(annotations, path.child('annotations')),
    ...validatePodAnnotations(annotations, path.child('annotations'), spec),
    ...validatePodSpec(spec, path.child('spec'), { allowPrivileged }),
    ...validateProfilesAgree(annotations, path.child('spec'), spec),
  ];
  if (spec.ephemeralContainers?.length)
    errors.push(forbidden(path.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template'));
  return errors;
}

/** The selector of a workload must match the labels of its template, or it would never find its own pods. */
export function validateSelected(template: PodTemplateSpec | undefined, path: FieldPath, selector: Selecting): FieldError[] {
  const metadata = template?.metadata;
  const labels = metadata?.labels ?? (metadata && wasGivenEmpty(metadata, 'labels') ? {} : undefined);
  if (selector.matches(labels)) return [];
  return [invalid(path.child('metadata', 'labels'), shownLabels(labels), '`selector` does not match template `labels`')];
}

/** Pods of a workload that runs for ever are always restarted, and have no deadline. `kind` is named in the message. */
export function validateRunsForever(template: PodTemplateSpec | undefined, path: FieldPath, kind: string): FieldError[] {
  const { restartPolicy, activeDeadlineSeconds } = template?.spec ?? {};
  const errors: FieldError[] = [];
  if (restartPolicy !== 'Always') errors.push(notSupported(path.child('spec', 'restartPolicy'), restartPolicy ?? '', ['Always']));
  if (activeDeadlineSeconds !== undefined)
    errors.push(forbidden(path.child('spec', 'activeDeadlineSeconds'), `activeDeadlineSeconds in ${kind} is not Supported`));
  return errors;
}

/** All rules of the template of a controller that keeps a number of pods alive */
export function validateReplicatedTemplate(
  template: PodTemplateSpec | undefined,
  path: FieldPath,
  selector: Selecting,
  kind: string,
  scope: TemplateScope,
): FieldError[] {
  if (!template) return [required(path)];
  return [
    ...validateSelected(template, path, selector),
    ...validatePodTemplate(template, path, scope),
    ...validateRunsForever(template, path, kind),
  ];
}
