// The APIServices of custom groups: every group and version that is served has one, as upstream's crdregistration controller
// and autoregister keep them.
import type { Context } from '../api/context.js';
import * as errors from '../api/meta/errors.js';
import { apiservices } from '../api/meta/resources.gen.js';
import { AUTO_MANAGED_LABEL } from '../api/meta/well-known.js';
import type { APIService } from '../api/types/apiregistration-v1.gen.js';
import type { Registry } from '../registry/registry.js';

/** Behind all groups of the server itself. */
const GROUP_PRIORITY = 1000;
const VERSION_PRIORITY = 100;

/** Brings the APIServices of a group in step with the versions that are served of it. */
export async function syncApiServices(registry: Registry, context: Context, group: string): Promise<void> {
  const versions = new Set(
    registry.definitions
      .all()
      .filter((d) => d.group === group)
      .map((d) => d.version),
  );
  const store = registry.store(apiservices);
  for (const { metadata, spec } of registry.list(apiservices)) {
    if (spec.group !== group || metadata.labels?.[AUTO_MANAGED_LABEL] !== 'true') continue;
    if (versions.delete(spec.version ?? '')) continue;
    await unless('NotFound', store.delete(context, { namespace: '', name: metadata.name }, {}));
  }
  for (const version of versions) await unless('AlreadyExists', store.create(context, localService(group, version)));
}

function localService(group: string, version: string): APIService {
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { [AUTO_MANAGED_LABEL]: 'true' } },
    spec: { group, version, groupPriorityMinimum: GROUP_PRIORITY, versionPriority: VERSION_PRIORITY },
    status: {},
  } as APIService;
}

/** Somebody else may have been faster. */
async function unless(reason: string, write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (e) {
    if (!errors.isApiError(e, reason)) throw e;
  }
}
