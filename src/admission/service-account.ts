// Every pod runs as a service account, which must exist.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#serviceaccount
import * as errors from '../api/meta/errors.js';
import { serviceaccounts } from '../api/meta/resources.gen.js';
import type { Pod, ServiceAccount } from '../api/types/core-v1.gen.js';
import { generateName } from '../util/names.js';
import { isCore, podOf, type Step } from './step.js';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const MIRROR = 'kubernetes.io/config.mirror';
/** Tokens are renewed well before this; the odd number marks them as the injected ones, as upstream's does. */
const EXPIRATION_SECONDS = 3607;

export const serviceAccount: Step = {
  name: 'ServiceAccount',
  onByDefault: true,
  handles: (attributes) => isCore(attributes, 'pods'),
  mutate(attributes) {
    const pod = podOf(attributes);
    // static pods have no account
    if (pod.metadata.annotations?.[MIRROR] !== undefined) return;
    pod.spec.serviceAccountName ||= 'default';
    pod.spec.serviceAccount = pod.spec.serviceAccountName;
    const { services } = attributes.context;
    const account = services.reader.get(serviceaccounts, attributes.namespace, pod.spec.serviceAccountName);
    if (!account) throw missing(attributes.definition, attributes.name, attributes.namespace, pod.spec.serviceAccountName);
    if (automount(pod, account)) mountToken(pod, services.random);
    if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
      pod.spec.imagePullSecrets = account.imagePullSecrets.map((s) => ({ ...s }));
  },
};

function missing(definition: errors.Named, name: string, namespace: string, account: string): errors.ApiError {
  return errors.forbidden(
    definition,
    name,
    `error looking up service account ${namespace}/${account}: serviceaccount ${JSON.stringify(account)} not found`,
  );
}

function automount(pod: Pod, account: ServiceAccount): boolean {
  return pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

function mountToken({ spec }: Pod, random: () => number): void {
  const name = spec.volumes?.find((v) => v.name.startsWith('kube-api-access-'))?.name ?? generateName('kube-api-access-', random);
  let used = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.volumeMounts?.some((m) => m.mountPath === MOUNT_PATH)) continue;
    (container.volumeMounts ??= []).push({ name, readOnly: true, mountPath: MOUNT_PATH });
    used = true;
  }
  if (!used || spec.volumes?.some((v) => v.name === name)) return;
  (spec.volumes ??= []).push({
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: EXPIRATION_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
      defaultMode: 0o644,
    },
  });
}
