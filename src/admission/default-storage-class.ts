// A claim that names no storage class gets the default one.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaultstorageclass
import { storageclasses } from '../api/meta/resources.gen.js';
import { DEFAULT_STORAGE_CLASS_ANNOTATIONS, STORAGE_CLASS_ANNOTATION } from '../api/meta/well-known.js';
import type { PersistentVolumeClaim } from '../api/types/core-v1.gen.js';
import { defaultClass } from './default-class.js';
import { isCore, type Step } from './step.js';

export const defaultStorageClass: Step = {
  name: 'DefaultStorageClass',
  onByDefault: true,
  handles: (attributes) => isCore(attributes, 'persistentvolumeclaims'),
  mutate({ object, context }) {
    const { metadata, spec } = object as PersistentVolumeClaim;
    if (!spec || spec.storageClassName !== undefined || metadata.annotations?.[STORAGE_CLASS_ANNOTATION] !== undefined) return;
    const found = defaultClass(context.services.reader.list(storageclasses), DEFAULT_STORAGE_CLASS_ANNOTATIONS);
    if (found) spec.storageClassName = found.metadata.name;
  },
};
