// Every pod runs as a service account, which must exist.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#serviceaccount
import type { AdmissionAttributes } from '../api/admission.js';
import { ApiError } from '../api/meta/errors.js';
import { serviceaccounts } from '../api/meta/resources.gen.js';
import { MIRROR_ANNOTATION } from '../api/meta/well-known.js';
import { secretNames } from '../api/shared/pod/references.js';
import type { Pod, ServiceAccount } from '../api/types/core-v1.gen.js';
import { generateName } from '../util/names.js';
import { foreignEphemeralSecret, foreignSecret, limitsSecrets } from './mountable-secrets.js';
import { absent, forbidden, isCore, podOf, type Step } from './step.js';

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Tokens are renewed well before this; the odd number marks them as the injected ones, as upstream's does. */
const EXPIRATION_SECONDS = 3607;

export const serviceAccount: Step = {
  name: 'ServiceAccount',
  onByDefault: true,
  handles: (attributes) => isCore(attributes, 'pods') || isEphemeral(attributes),
  mutate(attributes) {
    if (attributes.operation !== 'CREATE') return;
    const pod = podOf(attributes);
    if (pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) return checkMirror(attributes);
    pod.spec.serviceAccountName ||= 'default';
    pod.spec.serviceAccount = pod.spec.serviceAccountName;
    const account = accountOf(attributes);
    if (automount(pod, account)) mountToken(pod, attributes.context.services.random);
    if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
      pod.spec.imagePullSecrets = account.imagePullSecrets.map((s) => ({ ...s }));
    checkSecrets(attributes, account);
  },
  validate(attributes) {
    const pod = podOf(attributes);
    if (attributes.operation !== 'CREATE') return checkEphemeral(attributes);
    if (pod.metadata.annotations?.[MIRROR_ANNOTATION] !== undefined) return checkMirror(attributes);
    checkSecrets(attributes, accountOf(attributes));
  },
};

function isEphemeral({ definition, subresource, operation }: AdmissionAttributes): boolean {
  return definition.group === '' && definition.resource === 'pods' && subresource === 'ephemeralcontainers' && operation === 'UPDATE';
}

/** Static pods have no account, and nobody gives their kubelet what they would name. */
function checkMirror(attributes: AdmissionAttributes): void {
  const pod = podOf(attributes);
  const refuse = (cause: string) => forbidden(attributes, `a mirror pod may not ${cause}`);
  if (pod.spec.serviceAccountName) throw refuse('reference service accounts');
  if (secretNames(pod).length > 0) throw refuse('reference secrets');
  if (pod.spec.volumes?.some(({ projected }) => projected?.sources?.some((source) => source.serviceAccountToken)))
    throw refuse('use ServiceAccountToken volume projections');
}

/** The account that the pod runs as. @throws ApiError Forbidden when there is none */
function accountOf(attributes: AdmissionAttributes): ServiceAccount {
  const { namespace, context } = attributes;
  const { metadata, spec } = podOf(attributes);
  const { serviceAccountName: name } = spec;
  if (!name) throw forbidden(attributes, `no service account specified for pod ${namespace}/${metadata.name}`);
  const account = context.services.reader.get(serviceaccounts, namespace, name);
  if (account) return account;
  throw forbidden(attributes, `error looking up service account ${namespace}/${name}: ${absent(serviceaccounts, name).message}`);
}

function checkSecrets(attributes: AdmissionAttributes, account: ServiceAccount): void {
  const foreign = limitsSecrets(account) ? foreignSecret(podOf(attributes), account) : undefined;
  if (foreign !== undefined) throw forbidden(attributes, foreign);
}

function checkEphemeral(attributes: AdmissionAttributes): void {
  const account = accountOf(attributes);
  const foreign = limitsSecrets(account) ? foreignEphemeralSecret(podOf(attributes), account) : undefined;
  // upstream answers so, without a reason
  if (foreign !== undefined) throw new ApiError({ code: 500, message: foreign });
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
