// What volumes, claims and their classes have in common.
import { qualified } from '../meta/object.js';
import { STORAGE_CLASS_ANNOTATION } from '../meta/well-known.js';
import type { ObjectMeta } from '../types/meta-v1.gen.js';

const SHORT_MODES = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' } as const;

/** `RWO,ROX`, always in the same order. */
export function accessModesText(modes: readonly (keyof typeof SHORT_MODES)[] = []): string {
  return Object.entries(SHORT_MODES)
    .flatMap(([mode, short]) => (modes.includes(mode as keyof typeof SHORT_MODES) ? [short] : []))
    .join(',');
}

/** The storage class of a volume or claim, "" for none. */
export function storageClassOf({ metadata, spec }: { metadata: ObjectMeta; spec?: { storageClassName?: string | undefined } }): string {
  return metadata.annotations?.[STORAGE_CLASS_ANNOTATION] ?? spec?.storageClassName ?? '';
}

const PROTECTION: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  'volumeattributesclasses.storage.k8s.io': 'kubernetes.io/vac-protection',
};

/** The finalizer that holds objects of a resource while something uses them; undefined: they are not protected. */
export function protectionFinalizer(resource: { readonly group: string; readonly resource: string }): string | undefined {
  return PROTECTION[qualified(resource)];
}
