// Makes and deletes pods in the name of their owner, and says so in events on the owner.
import { ApiError, isApiError } from '../../api/meta/errors.js';
import type { KubeObject, Resource } from '../../api/meta/object.js';
import { pods } from '../../api/meta/resources.gen.js';
import type { Pod, PodTemplateSpec } from '../../api/types/core-v1.gen.js';
import { messageOf } from '../../util/errors.js';
import type { Environment } from './controller.js';
import { controllerReference } from './owners.js';
import { podFromTemplate } from './pods.js';

/** Creates and deletes pods for a controller. */
export class PodWriter {
  readonly #environment: Pick<Environment, 'client' | 'recorder'>;

  constructor(environment: Pick<Environment, 'client' | 'recorder'>) {
    this.#environment = environment;
  }

  /**
   * Makes a pod controlled by `owner`. In a namespace that is being deleted nothing is made, and that is no failure.
   * @throws ApiError when the server refuses
   */
  async create(owner: KubeObject, resource: Resource, template: PodTemplateSpec | undefined): Promise<void> {
    const { client, recorder } = this.#environment;
    const { name, namespace = '' } = owner.metadata;
    if (!template || Object.keys(template.metadata?.labels ?? {}).length === 0) throw new Error('unable to create pods, no labels');
    try {
      const pod = await client.create<Pod>(pods, podFromTemplate(template, name, controllerReference(resource, owner), namespace));
      recorder.normal(owner, 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      recorder.warning(owner, 'FailedCreate', `Error creating: ${messageOf(error)}`);
      throw error;
    }
  }

  /**
   * Deletes a pod.
   * @returns false when it had gone already
   * @throws Error when the server refuses
   */
  async delete(owner: KubeObject, pod: Pod): Promise<boolean> {
    const { client, recorder } = this.#environment;
    const { name, namespace = '' } = pod.metadata;
    try {
      await client.delete(pods, { namespace, name });
      recorder.normal(owner, 'SuccessfulDelete', `Deleted pod: ${name}`);
      return true;
    } catch (error) {
      if (isApiError(error, 'NotFound')) return false;
      const message = messageOf(error);
      recorder.warning(owner, 'FailedDelete', `Error deleting: ${message}`);
      throw new Error(`unable to delete pods: ${message}`, { cause: error });
    }
  }
}

/** The server refuses to make anything in a namespace that is being deleted. */
export function isNamespaceTerminating(error: unknown): boolean {
  return error instanceof ApiError && (error.status.details?.causes ?? []).some((c) => c.reason === 'NamespaceTerminating');
}
