// A kubelet changes only its own node, lease, pods and what belongs to them: what the Node authorizer cannot tell from a name.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
import type { AdmissionAttributes } from '../api/admission.js';
import * as errors from '../api/meta/errors.js';
import { csidrivers, nodes, persistentvolumeclaims, persistentvolumes, pods } from '../api/meta/resources.gen.js';
import { nodeIdentity } from '../api/shared/node-identity.js';
import { isForbiddenToKubelets } from '../api/shared/node-labels.js';
import { apiReference, volumeClaimName } from '../api/shared/pod/references.js';
import { requestedSubject, SigningRequestError } from '../api/shared/signing-request.js';
import type { TokenRequest } from '../api/types/authentication-v1.gen.js';
import type { CertificateSigningRequest } from '../api/types/certificates-v1.gen.js';
import type { Node, PersistentVolumeClaim, Pod } from '../api/types/core-v1.gen.js';
import type { ResourceSlice } from '../api/types/resource-v1.gen.js';
import { equal } from '../util/equal.js';
import { unifiedDiff } from '../util/unified-diff.js';
import type { Step } from './step.js';

const LEASE_NAMESPACE = 'kube-node-lease';
const MIRROR = 'kubernetes.io/config.mirror';
const KUBELET_SIGNERS = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];

export const nodeRestriction: Step = {
  name: 'NodeRestriction',
  onByDefault: false,
  handles: (attributes) => nodeIdentity(attributes.context.user) !== undefined,
  mutate: restrict,
  // a deletion is not changed, only allowed
  validate: (attributes) => (attributes.operation === 'DELETE' ? restrict(attributes) : undefined),
};

/** Refuses for a reason. */
type Refuse = (cause: string) => errors.ApiError;
type Rule = (attributes: AdmissionAttributes, node: string, refuse: Refuse) => void | Promise<void>;

const RULES: Readonly<Record<string, Rule>> = {
  '/pods': restrictPod,
  '/nodes': restrictNode,
  '/persistentvolumeclaims': restrictClaim,
  '/serviceaccounts': restrictToken,
  'coordination.k8s.io/leases': restrictLease,
  'storage.k8s.io/csinodes': restrictCsiNode,
  'resource.k8s.io/resourceslices': restrictSlice,
  'certificates.k8s.io/certificatesigningrequests': restrictSigningRequest,
};

async function restrict(attributes: AdmissionAttributes): Promise<void> {
  const { definition, name, context } = attributes;
  const node = nodeIdentity(context.user) ?? '';
  const refuse: Refuse = (cause) => errors.forbidden(definition, name, cause);
  if (node === '') throw refuse(`could not determine node from user ${JSON.stringify(context.user.username)}`);
  await RULES[`${definition.group}/${definition.resource}`]?.(attributes, node, refuse);
}

// ---- pods

function restrictPod(attributes: AdmissionAttributes, node: string, refuse: Refuse): void {
  switch (attributes.subresource) {
    case '':
      return restrictWholePod(attributes, node, refuse);
    case 'status':
      return restrictPodStatus(attributes, node, refuse);
    case 'eviction':
      if (presentPod(attributes, attributes.name).spec.nodeName !== node)
        throw refuse(`node ${node} can only evict pods with spec.nodeName set to itself`);
      return;
    default:
      throw refuse(`unexpected pod subresource ${JSON.stringify(attributes.subresource)}, only 'status' and 'eviction' are allowed`);
  }
}

function restrictWholePod(attributes: AdmissionAttributes, node: string, refuse: Refuse): void {
  const { operation, object, name } = attributes;
  if (operation === 'CREATE') restrictMirrorPod(attributes, object as Pod, node, refuse);
  else if (operation !== 'DELETE')
    throw refuse(`unexpected operation ${JSON.stringify(operation)}, node ${JSON.stringify(node)} can only create and delete mirror pods`);
  else if (presentPod(attributes, name).spec.nodeName !== node)
    throw refuse(`node ${JSON.stringify(node)} can only delete pods with spec.nodeName set to itself`);
}

function restrictMirrorPod({ context }: AdmissionAttributes, pod: Pod, node: string, refuse: Refuse): void {
  const quoted = JSON.stringify(node);
  if (pod.metadata.annotations?.[MIRROR] === undefined)
    throw refuse(`pod does not have ${JSON.stringify(MIRROR)} annotation, node ${quoted} can only create mirror pods`);
  if (pod.spec.nodeName !== node) throw refuse(`node ${quoted} can only create pods with spec.nodeName set to itself`);
  const [owner, ...others] = pod.metadata.ownerReferences ?? [];
  if (others.length > 0) throw refuse(`node ${quoted} can only create pods with a single owner reference set to itself`);
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    throw refuse(`node ${quoted} can only create pods with an owner reference set to itself`);
  if (!owner.controller) throw refuse(`node ${quoted} can only create pods with a controller owner reference set to itself`);
  if (owner.blockOwnerDeletion) throw refuse(`node ${quoted} must not set blockOwnerDeletion on an owner reference`);
  const present = context.services.reader.get(nodes, '', node);
  if (!present) throw errors.notFound(nodes, node);
  if (owner.uid !== present.metadata.uid)
    throw refuse(`node ${node} UID mismatch: expected ${owner.uid} got ${present.metadata.uid ?? ''}`);
  const referenced = apiReference(pod);
  if (referenced) throw refuse(`node ${quoted} can not create pods that reference ${referenced}`);
}

function restrictPodStatus({ object, old }: AdmissionAttributes, node: string, refuse: Refuse): void {
  const quoted = JSON.stringify(node);
  const [next, present] = [object as Pod, old as Pod];
  if (present.spec.nodeName !== node) throw refuse(`node ${quoted} can only update pod status for pods with spec.nodeName set to itself`);
  if (!equal(next.metadata.labels ?? {}, present.metadata.labels ?? {}))
    throw refuse(`node ${quoted} cannot update labels through pod status`);
  if (!equal(next.status?.resourceClaimStatuses ?? [], present.status?.resourceClaimStatuses ?? []))
    throw refuse(`node ${quoted} cannot update resource claim statues`);
  if (!equal(next.status?.extendedResourceClaimStatus, present.status?.extendedResourceClaimStatus))
    throw refuse(`node ${quoted} cannot update extended resource claim status`);
}

/** @throws ApiError NotFound */
function presentPod({ namespace, context }: AdmissionAttributes, name: string): Pod {
  const pod = context.services.reader.get(pods, namespace, name);
  if (!pod) throw errors.notFound(pods, name);
  return pod;
}

// ---- the node itself

function restrictNode({ operation, name, object, old }: AdmissionAttributes, node: string, refuse: Refuse): void {
  const quoted = JSON.stringify(node);
  if (name !== node) throw refuse(`node ${quoted} is not allowed to modify node ${JSON.stringify(name)}`);
  if (operation !== 'CREATE' && operation !== 'UPDATE') return;
  const next = object as Node;
  const present = old as Node | undefined;
  const labels = changedLabels(next.metadata.labels ?? {}, present?.metadata.labels ?? {})
    .filter(isForbiddenToKubelets)
    .join(', ');
  if (!present) {
    if (next.spec.configSource) throw refuse(`node ${quoted} is not allowed to create pods with a non-nil configSource`);
    if (labels) throw refuse(`node ${quoted} is not allowed to set the following labels: ${labels}`);
    return;
  }
  if (next.spec.configSource && !equal(next.spec.configSource, present.spec.configSource))
    throw refuse(`node ${quoted} is not allowed to update configSource to a new non-nil configSource`);
  if (!equal(next.spec.taints ?? [], present.spec.taints ?? [])) throw refuse(`node ${quoted} is not allowed to modify taints`);
  if (!equal(next.metadata.ownerReferences ?? [], present.metadata.ownerReferences ?? []))
    throw refuse(`node ${quoted} is not allowed to modify ownerReferences`);
  if (labels) throw refuse(`is not allowed to modify labels: ${labels}`);
}

function changedLabels(next: Record<string, string>, present: Record<string, string>): string[] {
  const keys = new Set([...Object.keys(next), ...Object.keys(present)]);
  return [...keys].filter((key) => next[key] !== present[key]).sort();
}

// ---- what belongs to pods

function restrictClaim({ subresource, operation, object, old }: AdmissionAttributes, node: string, refuse: Refuse): void {
  if (subresource !== 'status') throw refuse('may only update PVC status');
  if (operation !== 'UPDATE') throw refuse(`unexpected operation ${JSON.stringify(operation)}`);
  const [before, after] = [withoutProgress(old as PersistentVolumeClaim), withoutProgress(object as PersistentVolumeClaim)];
  if (equal(before, after)) return;
  const difference = unifiedDiff(JSON.stringify(before, null, 1), JSON.stringify(after, null, 1));
  throw refuse(
    `node ${JSON.stringify(node)} is not allowed to update fields other than status.quantity and status.conditions: ${difference}`,
  );
}

/** A claim without what a kubelet tells of its expansion. */
function withoutProgress(claim: PersistentVolumeClaim): object {
  const { capacity: _a, conditions: _b, allocatedResourceStatuses: _c, allocatedResources: _d, ...status } = claim.status ?? {};
  return { ...claim, metadata: { ...claim.metadata, resourceVersion: undefined, managedFields: undefined }, status };
}

async function restrictToken(attributes: AdmissionAttributes, node: string, refuse: Refuse): Promise<void> {
  if (attributes.operation !== 'CREATE' || attributes.subresource !== 'token') return;
  const { spec } = attributes.object as TokenRequest;
  const bound = spec.boundObjectRef;
  if (bound?.apiVersion !== 'v1' || bound.kind !== 'Pod' || !bound.name) throw refuse('node requested token not bound to a pod');
  if (!bound.uid) throw refuse('node requested token with a pod binding without a uid');
  const pod = presentPod(attributes, bound.name);
  if (bound.uid !== pod.metadata.uid)
    throw refuse(
      `the UID in the bound object reference (${bound.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  if (pod.spec.nodeName !== node) throw refuse('node requested token bound to a pod scheduled on a different node');
  const audiences = spec.audiences ?? [];
  if (audiences.length > 1) throw refuse('node may only request 0 or 1 audiences');
  await restrictAudience(attributes, pod, audiences[0] ?? '', refuse);
}

/** A kubelet asks for what a volume of the pod names, or for what it was granted by name (KEP-4935). */
async function restrictAudience(attributes: AdmissionAttributes, pod: Pod, audience: string, refuse: Refuse): Promise<void> {
  const { context, namespace, name } = attributes;
  if (audiencesOf(attributes, pod).has(audience)) return;
  const verb = 'request-serviceaccounts-token-audience';
  const asked = { user: context.user, verb, group: '', version: 'v1', resource: audience, subresource: '', namespace, name };
  if ((await context.services.authorizer.authorize(asked)).decision === 'allow') return;
  throw refuse(
    `audience ${JSON.stringify(audience)} not found in pod spec volume, ${context.user.username} is not authorized to request tokens for this audience`,
  );
}

function audiencesOf({ namespace, context }: AdmissionAttributes, pod: Pod): Set<string> {
  const { reader } = context.services;
  const found = new Set<string>();
  for (const volume of pod.spec.volumes ?? []) {
    for (const { serviceAccountToken } of volume.projected?.sources ?? [])
      if (serviceAccountToken) found.add(serviceAccountToken.audience ?? '');
    const claim = reader.get(persistentvolumeclaims, namespace, volumeClaimName(pod, volume) ?? '');
    const bound = reader.get(persistentvolumes, '', claim?.spec.volumeName ?? '');
    const driver = reader.get(csidrivers, '', volume.csi?.driver ?? bound?.spec.csi?.driver ?? '');
    for (const request of driver?.spec.tokenRequests ?? []) found.add(request.audience);
  }
  return found;
}

// ---- objects with the name of the node

function restrictLease({ namespace, operation, object, name }: AdmissionAttributes, node: string, refuse: Refuse): void {
  if (namespace !== LEASE_NAMESPACE) throw refuse(`can only access leases in the ${JSON.stringify(LEASE_NAMESPACE)} system namespace`);
  if ((operation === 'CREATE' ? object?.metadata.name : name) !== node)
    throw refuse('can only access node lease with the same name as the requesting node');
}

function restrictCsiNode({ operation, object, name }: AdmissionAttributes, node: string, refuse: Refuse): void {
  if ((operation === 'CREATE' ? object?.metadata.name : name) !== node)
    throw refuse('can only access CSINode with the same name as the requesting node');
}

function restrictSlice({ operation, object, old }: AdmissionAttributes, node: string, refuse: Refuse): void {
  if (operation === 'CREATE' && (object as ResourceSlice).spec.nodeName !== node)
    throw refuse('can only create ResourceSlice with the same NodeName as the requesting node');
  if (operation === 'DELETE' && (old as ResourceSlice).spec.nodeName !== node)
    throw refuse('can only delete ResourceSlice with the same NodeName as the requesting node');
}

function restrictSigningRequest({ operation, object }: AdmissionAttributes, node: string, refuse: Refuse): void {
  if (operation !== 'CREATE') return;
  const { spec } = object as CertificateSigningRequest;
  if (!KUBELET_SIGNERS.includes(spec.signerName)) return;
  try {
    if (requestedSubject(spec.request).commonName === `system:node:${node}`) return;
  } catch (e) {
    if (e instanceof SigningRequestError) throw refuse(`unable to parse csr: ${e.message}`);
    throw e;
  }
  throw refuse(`can only create a node CSR with CN=system:node:${node}`);
}
