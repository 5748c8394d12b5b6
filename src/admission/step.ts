import type { AdmissionAttributes } from '../api/admission.js';
import type { Pod } from '../api/types/core-v1.gen.js';

/** One admission step. It reads the cluster through `attributes.context.services.reader`. */
export interface Step {
  /** Upstream's name of the plugin. */
  readonly name: string;
  readonly onByDefault: boolean;
  /** Which writes it looks at; cheap, since every write asks. */
  handles(attributes: AdmissionAttributes): boolean;
  /** May change `attributes.object` in place. @throws ApiError to refuse */
  mutate?(attributes: AdmissionAttributes): void | Promise<void>;
  /** Sees the final object. @throws ApiError to refuse */
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
}

/** Whether the write makes or changes an object of the core resource itself, not of a subresource. */
export function isCore(attributes: AdmissionAttributes, resource: string, operations: readonly string[] = ['CREATE']): boolean {
  const { definition, subresource, operation } = attributes;
  return definition.group === '' && definition.resource === resource && subresource === '' && operations.includes(operation);
}

/** The pod a step was given; only for steps whose `handles` said so. */
export function podOf(attributes: AdmissionAttributes): Pod {
  return attributes.object as Pod;
}
