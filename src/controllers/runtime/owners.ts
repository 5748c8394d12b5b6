// Owner references: who controls an object, and how a controller comes to its objects (adoption) and lets them go (release).
import { isApiError } from '../../api/meta/errors.js';
import { apiVersionOf, type KubeObject, type OwnerReference, type Resource, uidOf } from '../../api/meta/object.js';
import type { Client } from '../../client/client.js';

/** The reference to the owner that controls the object. */
export function controllerOf(object: {
  readonly metadata: { readonly ownerReferences?: readonly OwnerReference[] | undefined };
}): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((r) => r.controller === true);
}

/** Whether the object's controlling owner is this very one, by its uid. */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

/** The reference by which `owner` controls an object it makes. */
export function controllerReference(resource: Resource, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata.name,
    uid: uidOf(owner),
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Who claims, and what: the owner with its selector, and the objects that may be its own. */
export interface ClaimOptions<O extends KubeObject, T extends KubeObject> {
  readonly client: Client;
  readonly ownerResource: Resource<O>;
  readonly owner: O;
  readonly resource: Resource<T>;
  matches(object: T): boolean;
}

/**
 * The objects that belong to an owner: those it controls and its selector still matches. Orphans that match are adopted,
 * controlled objects that no longer match are released. Before the first adoption the owner is read afresh, since the
 * local copy may not yet know that it is being deleted.
 * @throws Error when an object can be neither adopted nor released, after all others have been tried
 */
export async function claim<O extends KubeObject, T extends KubeObject>(objects: readonly T[], options: ClaimOptions<O, T>): Promise<T[]> {
  const claimed: T[] = [];
  const errors: unknown[] = [];
  const mayAdopt = onceAsync(() => recheckDeletion(options));
  for (const object of objects) {
    try {
      if (await claimOne(object, options, mayAdopt)) claimed.push(object);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return claimed;
}

async function claimOne<O extends KubeObject, T extends KubeObject>(
  object: T,
  options: ClaimOptions<O, T>,
  mayAdopt: () => Promise<void>,
): Promise<boolean> {
  const { owner } = options;
  const ref = controllerOf(object);
  const matches = options.matches(object);
  if (ref) {
    if (ref.uid !== owner.metadata.uid) return false;
    if (matches) return true;
    if (owner.metadata.deletionTimestamp === undefined) await release(object, options);
    return false;
  }
  if (!matches || owner.metadata.deletionTimestamp !== undefined || object.metadata.deletionTimestamp !== undefined) return false;
  if (owner.metadata.namespace !== object.metadata.namespace) return false;
  await mayAdopt();
  return adopt(object, options);
}

async function adopt<O extends KubeObject, T extends KubeObject>(object: T, options: ClaimOptions<O, T>): Promise<boolean> {
  const reference = controllerReference(options.ownerResource, options.owner);
  return patchOwners(object, options, { uid: object.metadata.uid, ownerReferences: [reference] });
}

async function release<O extends KubeObject, T extends KubeObject>(object: T, options: ClaimOptions<O, T>): Promise<void> {
  try {
    await patchOwners(object, options, {
      uid: object.metadata.uid,
      ownerReferences: [{ $patch: 'delete', uid: options.owner.metadata.uid }],
    });
  } catch (error) {
    // Invalid: the object has another uid by now, or no owner references at all; either way it is not ours
    if (!isApiError(error, 'Invalid')) throw error;
  }
}

/** @returns false when the object has gone */
async function patchOwners<O extends KubeObject, T extends KubeObject>(
  object: T,
  options: ClaimOptions<O, T>,
  metadata: unknown,
): Promise<boolean> {
  const key = { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
  try {
    await options.client.patch(options.resource, key, { type: 'strategic', body: { metadata } });
    return true;
  } catch (error) {
    if (isApiError(error, 'NotFound')) return false;
    throw error;
  }
}

async function recheckDeletion<O extends KubeObject, T extends KubeObject>({
  client,
  ownerResource,
  owner,
}: ClaimOptions<O, T>): Promise<void> {
  const { namespace = '', name, uid } = owner.metadata;
  const fresh = await client.get(ownerResource, { namespace, name });
  if (fresh.metadata.uid !== uid)
    throw new Error(`original ${owner.kind} ${namespace}/${name} is gone: got uid ${fresh.metadata.uid}, wanted ${uid}`);
  if (fresh.metadata.deletionTimestamp !== undefined)
    throw new Error(`${namespace}/${name} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
}

function onceAsync(fn: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => (result ??= fn());
}
