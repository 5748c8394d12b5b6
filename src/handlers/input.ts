// What the object of a write must have in common with the URL it is sent to, and what is mended in it first.
import * as errors from '../api/meta/errors.js';
import type { KubeObject } from '../api/meta/object.js';
import type { ApiRequest } from './request.js';

/** Where paths are no routes, a collection can be written to. @throws ApiError BadRequest */
export function requireName(name: string): void {
  if (name === '') throw errors.badRequest('name must be provided');
}

/** @throws ApiError BadRequest unless the object has the name of the URL */
export function checkName(object: KubeObject, name: string): void {
  if (!object.metadata.name)
    throw errors.badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (object.metadata.name !== name)
    throw errors.badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`);
}

/**
 * The namespace of the URL holds for the object too.
 * @throws ApiError BadRequest when the object names another
 */
export function placeInNamespace(object: KubeObject, namespace: string): void {
  const own = object.metadata.namespace ?? '';
  if (namespace === '') return void (object.metadata.namespace = undefined);
  if (own !== '' && own !== namespace)
    throw errors.badRequest('the namespace of the provided object does not match the namespace sent on the request');
  object.metadata.namespace = namespace;
}

/** One owner, one reference: later ones of the same uid replace nothing and are dropped, with a warning. */
export function dedupeOwners(object: KubeObject, request: ApiRequest): void {
  const owners = object.metadata.ownerReferences;
  if (!owners || owners.length < 2) return;
  const seen = new Set<string>();
  const kept = owners.filter((o) => !seen.has(JSON.stringify(o)) && seen.add(JSON.stringify(o)));
  if (kept.length === owners.length) return;
  const twice = owners.find((o, i) => owners.findIndex((x) => JSON.stringify(x) === JSON.stringify(o)) !== i);
  request.warnings.push(
    `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${twice?.uid ?? ''}`,
  );
  object.metadata.ownerReferences = kept;
}
