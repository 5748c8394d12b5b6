// A claim that names no storage class gets the default one.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaultstorageclass
import { storageclasses } from '../api/meta/resources.gen.js';
import type { PersistentVolumeClaim } from '../api/types/core-v1.gen.js';
import { defaultClass } from './default-class.js';
import { isCore, type Step } from './step.js';

const DEFAULT = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
/** How claims named their class before there was a field. */
const OLD_FORM = 'volume.beta.kubernetes.io/storage-class';

export const defaultStorageClass: Step = {
  name: 'DefaultStorageClass',
  onByDefault: true,
  handles: (attributes) => isCore(attributes, 'persistentvolumeclaims'),
  mutate({ object, context }) {
    const { metadata, spec } = object as PersistentVolumeClaim;
    if (!spec || spec.storageClassName !== undefined || metadata.annotations?.[OLD_FORM] !== undefined) return;
    const found = defaultClass(context.services.reader.list(storageclasses), DEFAULT);
    if (found) spec.storageClassName = found.metadata.name;
  },
};
