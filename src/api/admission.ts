import type { Context, DeleteOptions } from './context.js';
import type { Definition } from './definition.js';
import type { KubeObject } from './meta/object.js';

/** What a write does to an object. */
export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** A write on its way, as admission sees it. */
export interface AdmissionAttributes {
  readonly operation: Operation;
  readonly definition: Definition;
  /** "" for the object itself. */
  readonly subresource: string;
  readonly namespace: string;
  /** As the request names the object or its first part; "" for each of a collection that is deleted. */
  readonly name: string;
  /** The new object; a mutating step may change it in place. Undefined for DELETE and CONNECT. */
  readonly object: KubeObject | undefined;
  /** The present object, frozen. Undefined for CREATE. */
  readonly old: KubeObject | undefined;
  readonly options: DeleteOptions | undefined;
  readonly context: Context;
}

/** What the registry knows of admission; src/admission fills it in. Both methods may run again when a write is retried. */
export interface Admission {
  /** Before defaults are final and before validation. @throws ApiError to refuse */
  mutate(attributes: AdmissionAttributes): Promise<void>;
  /** After validation, before storage. @throws ApiError to refuse */
  validate(attributes: AdmissionAttributes): Promise<void>;
}
