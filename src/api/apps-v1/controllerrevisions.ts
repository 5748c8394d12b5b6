import { define } from '../definition.js';
import { at, type FieldError, required } from '../meta/field-errors.js';
import { validateImmutable, validateNonNegative } from '../meta/metadata.js';
import { age } from '../shared/format.js';
import type { ControllerRevision } from '../types/apps-v1.gen.js';

export default define<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  resource: 'controllerrevisions',
  validate: (revision) => [...validateRevision(revision), ...validateData(revision.data)],
  validateUpdate: (revision, old) => [...validateRevision(revision), ...validateImmutable(revision.data, old.data, at('data'))],
  row(revision, { now }) {
    const owner = revision.metadata.ownerReferences?.find((r) => r.controller);
    return [revision.metadata.name, owner ? ownerCell(owner) : '<none>', revision.revision, age(revision, now)];
  },
});

function validateRevision({ revision }: ControllerRevision): FieldError[] {
  return validateNonNegative(revision, at('revision'));
}

function validateData(data: unknown): FieldError[] {
  if (data === undefined || data === null) return [required(at('data'), 'data is mandatory')];
  return typeof data === 'object' && !Array.isArray(data) ? [] : [required(at('data'), 'data must be a valid JSON object')];
}

/** `daemonset.apps/name` */
function ownerCell({ apiVersion, kind, name }: { apiVersion: string; kind: string; name: string }): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : '';
  return `${kind.toLowerCase()}${group}/${name}`;
}
