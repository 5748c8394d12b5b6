import { defaultPod } from '../../src/api/shared/pod/defaults.js';
import type { FieldError } from '../../src/api/meta/field-errors.js';
import type { ObjectMeta } from '../../src/api/meta/object.js';
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus } from '../../src/api/types/core-v1.gen.js';

export const container = (part: Partial<Container> = {}): Container => ({ name: 'c', image: 'registry.example.com/app:1.0', ...part });

export interface PodParts {
  metadata?: Partial<ObjectMeta>;
  spec?: Partial<PodSpec>;
  status?: PodStatus;
}

/** A pod as the server holds it: with its defaults. */
export function makePod({ metadata, spec, status }: PodParts = {}): Pod {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '7', ...metadata },
    spec: { containers: [container()], ...spec },
    status: status ?? {},
  };
  defaultPod(pod);
  return pod;
}

export const containerStatus = (name: string, part: Partial<ContainerStatus> = {}): ContainerStatus => ({
  name,
  image: 'i',
  imageID: '',
  ready: false,
  restartCount: 0,
  ...part,
});

/** Errors as `field: message`. */
export const lines = (errors: readonly FieldError[]): string[] => errors.map((e) => `${e.field}: ${e.message}`);
