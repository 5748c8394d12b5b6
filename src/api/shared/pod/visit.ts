import type { FieldPath } from '../../meta/field-errors.js';
import type { Container, EphemeralContainer, PodSpec } from '../../types/core-v1.gen.js';

/** A container of any kind and where it stands. */
export interface Placed {
  readonly container: Container | EphemeralContainer;
  readonly path: FieldPath;
}

/** Every container, init ones first, as upstream visits them; `path` is that of the spec. */
export function placedContainers(spec: PodSpec, path: FieldPath): Placed[] {
  return (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, i) => ({ container, path: path.child(list).index(i) })),
  );
}
