import type { AdmissionAttributes } from '../api/admission.js';
import * as errors from '../api/meta/errors.js';
import type { Resource } from '../api/meta/object.js';
import type { Pod } from '../api/types/core-v1.gen.js';
import type { ConfigurationDocument } from './configuration/document.js';
import type { PodSecurityObserver } from './pod-security/observer.js';

/** What there is to say of a plug-in before a server has one. */
interface Plugin {
  /** Upstream's name of the plug-in. */
  readonly name: string;
  readonly onByDefault: boolean;
}

/** What a step does. It reads the cluster through `attributes.context.services.reader`. */
export interface Rules {
  /** Which writes it looks at; cheap, since every write asks. */
  handles(attributes: AdmissionAttributes): boolean;
  /** May change `attributes.object` in place. @throws ApiError to refuse */
  mutate?(attributes: AdmissionAttributes): void | Promise<void>;
  /** Sees the final object. @throws ApiError to refuse */
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
}

/** One admission step. */
export interface Step extends Plugin, Rules {}

/** What a server has for its steps, beside the file. */
export interface StepOptions {
  /** Who wants to know what PodSecurity decides. */
  readonly podSecurity?: PodSecurityObserver | undefined;
  /** --default-not-ready-toleration-seconds, --default-unreachable-toleration-seconds. Default five minutes each. */
  readonly notReadyTolerationSeconds?: number | undefined;
  readonly unreachableTolerationSeconds?: number | undefined;
}

/** A step that flags or --admission-control-config-file may tell something: each server has rules of its own. */
export interface ConfiguredStep extends Plugin {
  /** @param configuration undefined: it is told nothing. @throws UserError when it is told something wrong, or too little */
  configure(configuration: ConfigurationDocument | undefined, options: StepOptions): Rules | Promise<Rules>;
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

/** The refusal of a write. @param cause in upstream's words */
export function forbidden({ definition, name }: AdmissionAttributes, cause: string): errors.ApiError {
  return errors.forbidden(definition, name || 'Unknown', cause);
}

/** What upstream's informers say of an object that is not there: they name the kind in lower case, not the resource. */
export function absent({ group, kind }: Pick<Resource, 'group' | 'kind'>, name: string): errors.ApiError {
  return errors.notFound({ group, resource: kind.toLowerCase() }, name);
}

/** The name of what is written; "" where it is still to be generated, and of each of a collection. */
export function nameOf({ operation, object, name }: AdmissionAttributes): string {
  return operation === 'CREATE' ? (object?.metadata.name ?? '') : name;
}
