// What kubelets write is limited to their own node and to the pods that are bound to it, beyond what their rights say.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
import type { AdmissionAttributes } from '../../api/admission.js';
import { goQuote } from '../../api/meta/quote.js';
import { nodeIdentity } from '../../api/shared/node-identity.js';
import { requestedSubject, SigningRequestError } from '../../api/shared/signing-request.js';
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.gen.js';
import type { ResourceSlice } from '../../api/types/resource-v1.gen.js';
import { forbidden, nameOf, type Step } from '../step.js';
import { checkClaim } from './claims.js';
import { checkNode } from './nodes.js';
import { checkPod } from './pods.js';
import { checkToken } from './tokens.js';

const LEASE_NAMESPACE = 'kube-node-lease';
/** Signers whose certificates make a kubelet of their owner. */
const KUBELET_SIGNERS = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet'];

/** @param node the node that the user is. @throws ApiError to refuse */
type Check = (node: string, attributes: AdmissionAttributes) => void | Promise<void>;

const CHECKS: Readonly<Record<string, Check>> = {
  '/pods': checkPod,
  '/nodes': checkNode,
  '/persistentvolumeclaims': checkClaim,
  '/serviceaccounts': checkToken,
  'coordination.k8s.io/leases': checkLease,
  'storage.k8s.io/csinodes': checkCSINode,
  'resource.k8s.io/resourceslices': checkResourceSlice,
  'certificates.k8s.io/certificatesigningrequests': checkSigningRequest,
};

export const nodeRestriction: Step = {
  name: 'NodeRestriction',
  onByDefault: false,
  handles: ({ operation, context }) => operation !== 'CONNECT' && nodeIdentity(context.user) !== undefined,
  async mutate(attributes) {
    const { user } = attributes.context;
    const node = nodeIdentity(user);
    if (!node) throw forbidden(attributes, `could not determine node from user ${goQuote(user.username)}`);
    await CHECKS[`${attributes.definition.group}/${attributes.definition.resource}`]?.(node, attributes);
  },
};

function checkLease(node: string, attributes: AdmissionAttributes): void {
  if (attributes.namespace !== LEASE_NAMESPACE)
    throw forbidden(attributes, `can only access leases in the ${goQuote(LEASE_NAMESPACE)} system namespace`);
  if (nameOf(attributes) !== node) throw forbidden(attributes, 'can only access node lease with the same name as the requesting node');
}

function checkCSINode(node: string, attributes: AdmissionAttributes): void {
  if (nameOf(attributes) !== node) throw forbidden(attributes, 'can only access CSINode with the same name as the requesting node');
}

/** Of updates the authorizer knows which slice it is. */
function checkResourceSlice(node: string, attributes: AdmissionAttributes): void {
  const { operation, object, old } = attributes;
  if (operation === 'UPDATE') return;
  const { spec } = (object ?? old) as ResourceSlice;
  if (spec.nodeName === node) return;
  const verb = operation === 'CREATE' ? 'create' : 'delete';
  throw forbidden(attributes, `can only ${verb} ResourceSlice with the same NodeName as the requesting node`);
}

function checkSigningRequest(node: string, attributes: AdmissionAttributes): void {
  if (attributes.operation !== 'CREATE') return;
  const { spec } = attributes.object as CertificateSigningRequest;
  if (!KUBELET_SIGNERS.includes(spec.signerName)) return;
  const wanted = `system:node:${node}`;
  try {
    if (requestedSubject(spec.request).commonName === wanted) return;
  } catch (e) {
    if (e instanceof SigningRequestError) throw forbidden(attributes, `unable to parse csr: ${e.message}`);
    throw e;
  }
  throw forbidden(attributes, `can only create a node CSR with CN=${wanted}`);
}
