import type { AdmissionAttributes } from '../../api/admission.js';
import { goQuote } from '../../api/meta/quote.js';
import { nodes, pods } from '../../api/meta/resources.gen.js';
import { MIRROR_ANNOTATION } from '../../api/meta/well-known.js';
import { apiReference } from '../../api/shared/pod/references.js';
import type { Pod, PodStatus } from '../../api/types/core-v1.gen.js';
import { equal } from '../../util/equal.js';
import { absent, forbidden, podOf } from '../step.js';

/** A kubelet mirrors its static pods, reports on the pods bound to its node, and ends them. @throws ApiError to refuse */
export function checkPod(node: string, attributes: AdmissionAttributes): void {
  switch (attributes.subresource) {
    case '':
      return checkItself(node, attributes);
    case 'status':
      return checkStatus(node, attributes);
    case 'eviction':
      return checkEviction(node, attributes);
    default:
      throw forbidden(
        attributes,
        `unexpected pod subresource ${goQuote(attributes.subresource)}, only 'status' and 'eviction' are allowed`,
      );
  }
}

function checkItself(node: string, attributes: AdmissionAttributes): void {
  const { operation, old } = attributes;
  const who = `node ${goQuote(node)}`;
  if (operation === 'CREATE') return checkMirror(node, attributes);
  if (operation !== 'DELETE')
    throw forbidden(attributes, `unexpected operation ${goQuote(operation)}, ${who} can only create and delete mirror pods`);
  if (attributes.name === '') throw absent(pods, '');
  if ((old as Pod).spec.nodeName !== node) throw forbidden(attributes, `${who} can only delete pods with spec.nodeName set to itself`);
}

function checkMirror(node: string, attributes: AdmissionAttributes): void {
  const pod = podOf(attributes);
  const who = `node ${goQuote(node)} can only create`;
  const refuse = (cause: string) => forbidden(attributes, cause);
  if (pod.metadata.annotations?.[MIRROR_ANNOTATION] === undefined)
    throw refuse(`pod does not have ${goQuote(MIRROR_ANNOTATION)} annotation, ${who} mirror pods`);
  if (pod.spec.nodeName !== node) throw refuse(`${who} pods with spec.nodeName set to itself`);
  const [owner, other] = pod.metadata.ownerReferences ?? [];
  if (other) throw refuse(`${who} pods with a single owner reference set to itself`);
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    throw refuse(`${who} pods with an owner reference set to itself`);
  if (!owner.controller) throw refuse(`${who} pods with a controller owner reference set to itself`);
  if (owner.blockOwnerDeletion) throw refuse(`node ${goQuote(node)} must not set blockOwnerDeletion on an owner reference`);
  const uid = attributes.context.services.reader.get(nodes, '', node)?.metadata.uid;
  if (uid === undefined) throw absent(nodes, node);
  if (owner.uid !== uid) throw refuse(`node ${node} UID mismatch: expected ${owner.uid} got ${uid}`);
  const named = apiReference(pod);
  if (named !== undefined) throw refuse(`node ${goQuote(node)} can not create pods that reference ${named}`);
}

function checkStatus(node: string, attributes: AdmissionAttributes): void {
  const { operation } = attributes;
  if (operation !== 'UPDATE') throw forbidden(attributes, `unexpected operation ${goQuote(operation)}`);
  const old = attributes.old as Pod;
  const next = podOf(attributes);
  const who = `node ${goQuote(node)}`;
  if (old.spec.nodeName !== node)
    throw forbidden(attributes, `${who} can only update pod status for pods with spec.nodeName set to itself`);
  if (!equal(next.metadata.labels ?? {}, old.metadata.labels ?? {}))
    throw forbidden(attributes, `${who} cannot update labels through pod status`);
  // upstream's own spelling
  if (!equal(claimStatuses(next.status), claimStatuses(old.status)))
    throw forbidden(attributes, `${who} cannot update resource claim statues`);
  if (!equal(next.status.extendedResourceClaimStatus, old.status.extendedResourceClaimStatus))
    throw forbidden(attributes, `${who} cannot update extended resource claim status`);
}

function claimStatuses({ resourceClaimStatuses = [] }: PodStatus) {
  return resourceClaimStatuses.map(({ name, resourceClaimName }) => ({ name, resourceClaimName }));
}

function checkEviction(node: string, attributes: AdmissionAttributes): void {
  const { operation, namespace, context, object } = attributes;
  if (operation !== 'CREATE') throw forbidden(attributes, `unexpected operation ${operation}`);
  const name = attributes.name || (object?.metadata.name ?? '');
  const pod = context.services.reader.get(pods, namespace, name);
  if (!pod) throw absent(pods, name);
  if (pod.spec.nodeName !== node) throw forbidden(attributes, `node ${node} can only evict pods with spec.nodeName set to itself`);
}
