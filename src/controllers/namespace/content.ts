// Deletes everything in a namespace.
import { isApiError } from '../../api/meta/errors.js';
import type { KubeObject } from '../../api/meta/object.js';
import { pods } from '../../api/meta/resources.gen.js';
import { isPodFinished } from '../../api/shared/pod/conditions.js';
import type { Namespace } from '../../api/types/core-v1.gen.js';
import { type Environment, hasOwnObjects, NotYetError, type ServedResource } from '../runtime/controller.js';
import type { Findings } from './conditions.js';

/** How long objects with finalizers are expected to stay. */
const FINALIZER_SECONDS = 15;

/** What one resource has come to. */
interface Leftover {
  readonly items: readonly KubeObject[];
  /** Seconds until it is worth looking again. */
  readonly seconds: number;
}

/** What one round has come to: `seconds` is 0 when nothing is left. */
export interface Round extends Findings {
  readonly seconds: number;
}

/**
 * Deletes the content of a namespace, pods first: while pods are still running nothing is taken from under them (KEP-5080).
 */
export async function deleteContent(environment: Environment, namespace: Namespace): Promise<Round> {
  const round = { errors: [] as Error[], remaining: new Map<string, number>(), finalizers: new Map<string, number>(), seconds: 0 };
  const take = async (resource: ServedResource): Promise<void> => {
    try {
      const { items, seconds } = await deleteAll(environment, resource, namespace);
      round.seconds = Math.max(round.seconds, seconds);
      if (items.length > 0) round.remaining.set(`${resource.resource}.${resource.group}`, items.length);
      for (const item of items) for (const f of item.metadata.finalizers ?? []) round.finalizers.set(f, (round.finalizers.get(f) ?? 0) + 1);
      if (items.length > 0 && seconds === 0)
        throw new NotYetError(
          `unexpected items still remain in namespace: ${namespace.metadata.name} for gvr: ${resource.group}/${resource.version}, Resource=${resource.resource}`,
        );
    } catch (error) {
      round.errors.push(error instanceof Error ? error : new Error('not an error', { cause: error }));
    }
  };
  const resources = environment.settings.resources().filter((r) => r.namespaced && r.verbs.includes('delete') && hasOwnObjects(r));
  const isPods = (r: ServedResource) => r.group === pods.group && r.resource === pods.resource;
  for (const resource of resources.filter(isPods)) await take(resource);
  if (round.remaining.size > 0) return round;
  for (const resource of resources.filter((r) => !isPods(r))) await take(resource);
  return round;
}

async function deleteAll(environment: Environment, resource: ServedResource, namespace: Namespace): Promise<Leftover> {
  const { client } = environment;
  const inNamespace = { namespace: namespace.metadata.name };
  const list = async () => (resource.verbs.includes('list') ? (await client.list(resource, inNamespace)).items : []);
  const before = await list();
  if (before.length === 0 && resource.verbs.includes('list')) return { items: [], seconds: 0 };
  const grace = graceLeft(before, namespace, environment.clock.now());
  if (resource.verbs.includes('deletecollection'))
    await client.deleteCollection(resource, inNamespace, { propagationPolicy: 'Background' });
  else await deleteEach(environment, resource, before);
  const items = await list();
  if (items.length === 0) return { items, seconds: 0 };
  if (grace > 0) return { items, seconds: grace };
  return { items, seconds: items.some((i) => (i.metadata.finalizers ?? []).length > 0) ? FINALIZER_SECONDS : 0 };
}

async function deleteEach({ client }: Environment, resource: ServedResource, items: readonly KubeObject[]): Promise<void> {
  for (const { metadata } of items) {
    try {
      await client.delete(resource, { namespace: metadata.namespace ?? '', name: metadata.name }, { propagationPolicy: 'Background' });
    } catch (error) {
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'MethodNotAllowed')) throw error;
    }
  }
}

/** Seconds the slowest pod may take to stop; 0 when that time has passed since the namespace was deleted. */
function graceLeft(items: readonly KubeObject[], namespace: Namespace, now: number): number {
  const grace = items.reduce((max, item) => Math.max(max, graceOf(item)), 0);
  const deleted = Date.parse(namespace.metadata.deletionTimestamp ?? '');
  return now - deleted >= grace * 1000 ? 0 : grace;
}

function graceOf(object: KubeObject): number {
  if (object.kind !== pods.kind || object.apiVersion !== pods.version) return 0;
  const pod = object as Parameters<typeof isPodFinished>[0];
  return isPodFinished(pod) ? 0 : Number(pod.spec.terminationGracePeriodSeconds ?? 0);
}
