import { isApiError } from '../api/meta/errors.js';
import { namespaces, serviceaccounts } from '../api/meta/resources.gen.js';
import type { ServiceAccount } from '../api/types/core-v1.gen.js';
import { type ControllerDefinition, type Environment, watch } from './runtime/controller.js';
import { isNamespaceTerminating } from './runtime/pod-writer.js';

/** The account of pods that name none. */
const NAME = 'default';

/** Makes the `default` ServiceAccount of every namespace, again and again if need be. */
export const serviceaccount: ControllerDefinition = {
  name: 'serviceaccount-controller',
  alias: 'serviceaccount',
  create: (environment) => [
    {
      name: 'serviceaccount-controller',
      for: namespaces,
      watches: [watch(serviceaccounts, (queue) => ({ delete: ({ metadata }) => queue.add(metadata.namespace ?? '') }))],
      reconcile: (namespace) => reconcile(environment, namespace),
    },
  ],
};

async function reconcile({ client, informers }: Environment, namespace: string): Promise<undefined> {
  const found = informers.of(namespaces).store.get(namespace);
  if (!found || found.metadata.deletionTimestamp !== undefined || found.status.phase !== 'Active') return;
  if (informers.of(serviceaccounts).store.get(`${namespace}/${NAME}`)) return;
  try {
    await client.create<ServiceAccount>(serviceaccounts, { metadata: { namespace, name: NAME } });
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists') && !isNamespaceTerminating(error)) throw error;
  }
}
