// A claim or volume in use is not removed before its user lets go: a finalizer holds it, a controller takes that away.
// https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection
import { isCore, type Step } from './step.js';

const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
};

export const storageObjectInUseProtection: Step = {
  name: 'StorageObjectInUseProtection',
  onByDefault: true,
  handles: (attributes) => isCore(attributes, 'persistentvolumes') || isCore(attributes, 'persistentvolumeclaims'),
  mutate({ definition, object }) {
    const finalizer = FINALIZERS[definition.resource];
    if (!object || !finalizer || object.metadata.finalizers?.includes(finalizer)) return;
    (object.metadata.finalizers ??= []).push(finalizer);
  },
};
