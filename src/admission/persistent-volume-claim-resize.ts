// A claim grows only when it is bound and its storage class says that volumes can.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#persistentvolumeclaimresize
import * as errors from '../api/meta/errors.js';
import { compare } from '../api/meta/quantity.js';
import { storageclasses } from '../api/meta/resources.gen.js';
import type { Reader } from '../api/context.js';
import { storageClassOf } from '../api/shared/storage.js';
import type { PersistentVolumeClaim } from '../api/types/core-v1.gen.js';
import { isCore, type Step } from './step.js';

export const persistentVolumeClaimResize: Step = {
  name: 'PersistentVolumeClaimResize',
  onByDefault: true,
  handles: (attributes) => isCore(attributes, 'persistentvolumeclaims', ['UPDATE']),
  validate({ definition, name, object, old, context }) {
    const claim = object as PersistentVolumeClaim;
    const before = old as PersistentVolumeClaim;
    if (compare(sizeOf(claim), sizeOf(before)) <= 0) return;
    if (before.status?.phase !== 'Bound') throw errors.forbidden(definition, name, 'Only bound persistent volume claims can be expanded');
    if (!mayGrow(claim, before, context.services.reader))
      throw errors.forbidden(
        definition,
        name,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      );
  },
};

function sizeOf({ spec }: PersistentVolumeClaim): string {
  return spec?.resources?.requests?.['storage'] ?? '0';
}

function mayGrow(claim: PersistentVolumeClaim, old: PersistentVolumeClaim, reader: Reader): boolean {
  const name = storageClassOf(claim);
  if (name === '' || name !== storageClassOf(old)) return false;
  return reader.get(storageclasses, '', name)?.allowVolumeExpansion ?? false;
}
