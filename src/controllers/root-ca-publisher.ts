import { isApiError } from '../api/meta/errors.js';
import { configmaps, namespaces } from '../api/meta/resources.gen.js';
import type { ConfigMap } from '../api/types/core-v1.gen.js';
import { equal } from '../util/equal.js';
import { type ControllerDefinition, type Environment, watchMapped } from './runtime/controller.js';
import { isNamespaceTerminating } from './runtime/pod-writer.js';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION = 'kubernetes.io/description';
const TEXT =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Gives every namespace a ConfigMap with the cluster's CA, for the clients in its pods. */
export const rootCAPublisher: ControllerDefinition = {
  name: 'root-ca-certificate-publisher-controller',
  alias: 'root-ca-cert-publisher',
  create: (environment) => [
    {
      name: 'root-ca-certificate-publisher-controller',
      for: namespaces,
      watches: [watchMapped(configmaps, ({ metadata }) => (metadata.name === NAME ? [metadata.namespace ?? ''] : []))],
      reconcile: (namespace) => reconcile(environment, namespace),
    },
  ],
};

async function reconcile({ client, informers, settings }: Environment, namespace: string): Promise<undefined> {
  const found = informers.of(namespaces).store.get(namespace);
  if (!found || found.metadata.deletionTimestamp !== undefined) return;
  const data = { 'ca.crt': settings.rootCA };
  const present = informers.of(configmaps).store.get(`${namespace}/${NAME}`);
  if (present) {
    if (equal(present.data, data) && present.metadata.annotations?.[DESCRIPTION]) return;
    const annotations = { ...present.metadata.annotations, [DESCRIPTION]: TEXT };
    await client.update(configmaps, { ...present, metadata: { ...present.metadata, annotations }, data });
    return;
  }
  try {
    await client.create<ConfigMap>(configmaps, { metadata: { namespace, name: NAME, annotations: { [DESCRIPTION]: TEXT } }, data });
  } catch (error) {
    // the local copy is late, or the namespace is on its way out
    if (isApiError(error, 'AlreadyExists') || isApiError(error, 'NotFound') || isNamespaceTerminating(error)) return;
    throw error;
  }
}
