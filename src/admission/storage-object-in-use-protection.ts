// A claim, volume or attributes class in use is not removed before its user lets go: a finalizer holds it, a controller takes
// that away. https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection
import { protectionFinalizer } from '../api/shared/storage.js';
import type { Step } from './step.js';

export const storageObjectInUseProtection: Step = {
  name: 'StorageObjectInUseProtection',
  onByDefault: true,
  handles: ({ operation, subresource, definition }) =>
    operation === 'CREATE' && subresource === '' && protectionFinalizer(definition) !== undefined,
  mutate({ definition, object }) {
    const finalizer = protectionFinalizer(definition);
    if (!object || !finalizer || object.metadata.finalizers?.includes(finalizer)) return;
    (object.metadata.finalizers ??= []).push(finalizer);
  },
};
