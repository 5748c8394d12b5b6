// Errors of the storage, and those that upstream words by its own storage.
import type { ObjectKey } from '../api/context.js';
import type { Definition } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { StorageError } from '../storage/storage.js';

/** Storage errors that are no API errors yet. Anything unknown is our bug and goes on as it is. */
export function translate(e: unknown): unknown {
  if (!(e instanceof StorageError)) return e;
  if (e.code === 'UNAVAILABLE' || e.code === 'CLOSED') return errors.serviceUnavailable(`the storage is unavailable: ${e.message}`);
  return e;
}

/** A key as upstream names it in messages: `/registry/configmaps/default/settings`, without the first part in a dry run. */
export function shownKey({ shownAs }: Definition, { namespace, name }: ObjectKey, dryRun: boolean): string {
  const prefix = `${dryRun ? '' : '/registry'}/${shownAs}`;
  return namespace === '' ? `${prefix}/${name}` : `${prefix}/${namespace}/${name}`;
}
