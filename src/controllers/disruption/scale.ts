// How many pods there should be behind a PodDisruptionBudget.
import { isApiError } from '../../api/meta/errors.js';
import { apiVersionOf, type KubeObject, type OwnerReference, qualified, type Resource } from '../../api/meta/object.js';
import { deployments, replicasets, replicationcontrollers } from '../../api/meta/resources.gen.js';
import type { Scale } from '../../api/types/autoscaling-v1.gen.js';
import type { Pod } from '../../api/types/core-v1.gen.js';
import type { Environment } from '../runtime/controller.js';
import { controllerOf } from '../runtime/owners.js';

interface Scaled {
  readonly uid: string;
  readonly replicas: number;
}

/**
 * The sum of the sizes of everything that controls the pods.
 * @returns also the names of pods that nothing controls
 * @throws Error when the size of a controller cannot be found out
 */
export async function expectedScale(environment: Environment, pods: readonly Pod[]): Promise<{ count: number; unmanaged: string[] }> {
  const sizes = new Map<string, number>();
  const asked = new Set<string>();
  const unmanaged: string[] = [];
  for (const pod of pods) {
    const ref = controllerOf(pod);
    if (!ref) unmanaged.push(pod.metadata.name);
    if (!ref || asked.has(ref.uid)) continue;
    asked.add(ref.uid);
    const found = await scaleOf(environment, ref, pod.metadata.namespace ?? '');
    if (!found) throw new Error(`found no controllers for pod ${JSON.stringify(pod.metadata.name)}`);
    sizes.set(found.uid, found.replicas);
  }
  return { count: [...sizes.values()].reduce((sum, n) => sum + n, 0), unmanaged };
}

async function scaleOf(environment: Environment, ref: OwnerReference, namespace: string): Promise<Scaled | undefined> {
  const set = known(environment, replicasets, ref, namespace);
  if (set) {
    const owner = controllerOf(set);
    if (owner?.kind !== deployments.kind) return sized(set);
    const deployment = known(environment, deployments, owner, namespace);
    return deployment && sized(deployment);
  }
  const controller = known(environment, replicationcontrollers, ref, namespace);
  return controller ? sized(controller) : askScale(environment, ref, namespace);
}

function known<T extends KubeObject>(
  { informers }: Environment,
  resource: Resource<T>,
  ref: OwnerReference,
  namespace: string,
): T | undefined {
  if (ref.kind !== resource.kind || ref.apiVersion !== apiVersionOf(resource)) return undefined;
  const object = informers.of(resource).store.get(`${namespace}/${ref.name}`);
  return object?.metadata.uid === ref.uid ? object : undefined;
}

function sized({ metadata, spec }: { metadata: { uid?: string | undefined }; spec: { replicas?: number | undefined } }): Scaled {
  return { uid: metadata.uid ?? '', replicas: spec.replicas ?? 0 };
}

/** Any other kind tells its size by its scale subresource. */
async function askScale({ client, settings }: Environment, ref: OwnerReference, namespace: string): Promise<Scaled | undefined> {
  const resource = settings.resources().find((r) => r.kind === ref.kind && apiVersionOf(r) === ref.apiVersion);
  if (!resource) throw new Error(`no matches for kind ${JSON.stringify(ref.kind)} in version ${JSON.stringify(ref.apiVersion)}`);
  try {
    const scale = (await client.get(resource, { namespace, name: ref.name }, { subresource: 'scale' })) as KubeObject & Scale;
    if (scale.kind !== 'Scale') throw new Error(`${qualified(resource)} does not implement the scale subresource`);
    return scale.metadata.uid === ref.uid ? sized({ metadata: scale.metadata, spec: scale.spec ?? {} }) : undefined;
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined;
    throw error;
  }
}
