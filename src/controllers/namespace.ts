// Namespaces that are being deleted: everything in them is deleted, then they are let go (upstream's pkg/controller/namespace).
import { isApiError } from '../api/meta/errors.js';
import { namespaces, pods } from '../api/meta/resources.gen.js';
import type { Namespace } from '../api/types/core-v1.gen.js';
import { equal } from '../util/equal.js';
import { deletionConditions } from './namespace/conditions.js';
import { deleteContent } from './namespace/content.js';
import { type Controller, type ControllerDefinition, type Environment, NotYetError, type Result, watch } from './runtime/controller.js';

const FINALIZER = 'kubernetes';

/** Empties namespaces that are being deleted. */
export const namespace: ControllerDefinition = {
  name: 'namespace-controller',
  alias: 'namespace',
  create: (environment) => [namespaceController(environment)],
};

function namespaceController(environment: Environment): Controller {
  const { store } = environment.informers.of(namespaces);
  const terminating = (name: string | undefined) => name !== undefined && store.get(name)?.metadata.deletionTimestamp !== undefined;
  return {
    workers: 10,
    for: namespaces,
    // upstream comes back after half the grace period; the last pod's going is a better moment
    watches: [
      watch(pods, (queue) => ({ delete: ({ metadata }) => terminating(metadata.namespace) && queue.add(metadata.namespace ?? '') })),
    ],
    reconcile: (name) => reconcile(environment, name),
  };
}

async function reconcile(environment: Environment, name: string): Promise<Result> {
  const { client, informers, clock } = environment;
  if (informers.of(namespaces).store.get(name)?.metadata.deletionTimestamp === undefined) return undefined;
  try {
    const found = await client.get(namespaces, { namespace: '', name });
    if (found.metadata.deletionTimestamp === undefined || !found.spec.finalizers?.includes(FINALIZER)) return undefined;
    const round = await deleteContent(environment, found);
    const conditions = deletionConditions(found.status.conditions, round, clock.now());
    const told = await writeStatus(environment, found, { ...found.status, phase: 'Terminating', conditions });
    const failure = round.errors.find((error) => !(error instanceof NotYetError)) ?? round.errors[0];
    if (failure) throw failure;
    if (round.seconds > 0) return { after: (round.seconds / 2 + 1) * 1000 };
    await finalize(environment, told);
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
  }
  return undefined;
}

async function writeStatus({ client }: Environment, found: Namespace, status: Namespace['status']): Promise<Namespace> {
  if (equal(status, found.status)) return found;
  return client.update(namespaces, { ...found, status }, { subresource: 'status' });
}

/** Takes our finalizer away; without others the namespace goes at once. */
async function finalize({ client }: Environment, found: Namespace): Promise<void> {
  const finalizers = (found.spec.finalizers ?? []).filter((f) => f !== FINALIZER);
  await client.update(namespaces, { ...found, spec: { ...found.spec, finalizers } }, { subresource: 'finalize' });
}
