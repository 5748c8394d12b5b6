// What volumes and claims have in common in tables.
import type { ObjectMeta } from '../types/meta-v1.gen.js';

/** The annotation that named the class before there was a field. */
export const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';

const SHORT_MODES = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' } as const;

/** `RWO,ROX`, always in the same order. */
export function accessModesText(modes: readonly (keyof typeof SHORT_MODES)[] = []): string {
  return Object.entries(SHORT_MODES)
    .flatMap(([mode, short]) => (modes.includes(mode as keyof typeof SHORT_MODES) ? [short] : []))
    .join(',');
}

/** The storage class of a volume or claim, "" for none. */
export function storageClassOf({ metadata, spec }: { metadata: ObjectMeta; spec: { storageClassName?: string | undefined } }): string {
  return metadata.annotations?.[BETA_CLASS] ?? spec.storageClassName ?? '';
}
