// Who may approve a signing request, and who may issue its certificate, is a matter of rights on the signer.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#certificateapproval
import type { AdmissionAttributes } from '../api/admission.js';
import type { CertificateSigningRequest } from '../api/types/certificates-v1.gen.js';
import { requestedSubject } from '../api/shared/signing-request.js';
import { equal } from '../util/equal.js';
import { forbidden, type Step } from './step.js';

const GROUP = 'certificates.k8s.io';
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';
/** Its members do everything: nobody gets a certificate for it by a request. */
const MASTERS = 'system:masters';

export const certificateApproval: Step = {
  name: 'CertificateApproval',
  onByDefault: true,
  handles: (attributes) => isRequest(attributes, 'approval'),
  async validate(attributes) {
    await requireRight(attributes, 'approve');
  },
};

export const certificateSigning: Step = {
  name: 'CertificateSigning',
  onByDefault: true,
  handles: (attributes) => isRequest(attributes, 'status'),
  async validate(attributes) {
    const { status } = attributes.object as CertificateSigningRequest;
    const { status: old } = attributes.old as CertificateSigningRequest;
    if (status?.certificate === old?.certificate && equal(status?.conditions ?? [], old?.conditions ?? [])) return;
    await requireRight(attributes, 'sign');
  },
};

export const certificateSubjectRestriction: Step = {
  name: 'CertificateSubjectRestriction',
  onByDefault: true,
  handles: ({ definition, subresource, operation }) =>
    definition.group === GROUP && definition.resource === 'certificatesigningrequests' && subresource === '' && operation === 'CREATE',
  validate(attributes) {
    const { signerName, request } = (attributes.object as CertificateSigningRequest).spec;
    if (signerName !== CLIENT_SIGNER || !requestedSubject(request).organizations.includes(MASTERS)) return;
    throw forbidden(attributes, `use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`);
  },
};

function isRequest({ definition, subresource, operation }: AdmissionAttributes, part: string): boolean {
  return (
    definition.group === GROUP && definition.resource === 'certificatesigningrequests' && subresource === part && operation === 'UPDATE'
  );
}

/** The right on one signer, or on all of its domain. */
async function requireRight(attributes: AdmissionAttributes, verb: 'approve' | 'sign'): Promise<void> {
  const { old, context } = attributes;
  const { signerName } = (old as CertificateSigningRequest).spec;
  const { user, services } = context;
  for (const signer of [signerName, `${signerName.split('/')[0]}/*`]) {
    const asked = { user, verb, group: GROUP, version: '*', resource: 'signers', subresource: '', namespace: '', name: signer };
    if ((await services.authorizer.authorize(asked)).decision === 'allow') return;
  }
  throw forbidden(attributes, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`);
}
