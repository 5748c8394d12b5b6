// Fields that a write through one path of an object cannot change, so that nobody comes to own them through it: status
// through the object itself, everything else through /status. As the strategies' GetResetFields.
import { EMPTY, type FieldSet, recursiveDifference } from './set.js';

const SPEC: FieldSet = { 'f:spec': EMPTY };
const METADATA_AND_SPEC: FieldSet = { 'f:metadata': EMPTY, 'f:spec': EMPTY };
const STATUS: FieldSet = { 'f:status': EMPTY };

/** By group and kind, where /status resets more than the spec. */
const OF_STATUS: Readonly<Record<string, FieldSet>> = {
  'apps/Deployment': { 'f:metadata': { 'f:labels': EMPTY }, 'f:spec': EMPTY },
  '/Pod': { 'f:metadata': { 'f:deletionTimestamp': EMPTY, 'f:ownerReferences': EMPTY }, 'f:spec': EMPTY },
  'certificates.k8s.io/CertificateSigningRequest': { 'f:spec': EMPTY, 'f:status': { 'f:conditions': EMPTY } },
  'networking.k8s.io/ServiceCIDR': METADATA_AND_SPEC,
  'resource.k8s.io/ResourceClaim': METADATA_AND_SPEC,
  'storage.k8s.io/VolumeAttachment': METADATA_AND_SPEC,
  'flowcontrol.apiserver.k8s.io/FlowSchema': METADATA_AND_SPEC,
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': METADATA_AND_SPEC,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': METADATA_AND_SPEC,
  'apiregistration.k8s.io/APIService': METADATA_AND_SPEC,
  'apiextensions.k8s.io/CustomResourceDefinition': METADATA_AND_SPEC,
};
/** Through the object itself, besides status. */
const OF_OBJECT: Readonly<Record<string, FieldSet>> = {
  'certificates.k8s.io/CertificateSigningRequest': { 'f:spec': EMPTY, 'f:status': EMPTY },
};

export interface Place {
  /** `v1`, `apps/v1` */
  readonly apiVersion: string;
  readonly kind: string;
  readonly subresource: string;
  readonly hasStatus: boolean;
}

/** What a write through this path resets. */
export function resetFields({ apiVersion, kind, subresource, hasStatus }: Place): FieldSet {
  const name = `${apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.lastIndexOf('/')) : ''}/${kind}`;
  if (subresource === 'status') return OF_STATUS[name] ?? SPEC;
  if (subresource === 'approval') return { 'f:spec': EMPTY, 'f:status': { 'f:certificate': EMPTY } };
  if (subresource === 'finalize' || (subresource === '' && hasStatus)) return OF_OBJECT[name] ?? STATUS;
  return EMPTY;
}

/** The set without what the path resets. */
export function withoutReset(set: FieldSet, place: Place): FieldSet {
  return recursiveDifference(set, resetFields(place));
}

/** Fields that nobody owns. */
export const UNOWNED: FieldSet = {
  'f:apiVersion': EMPTY,
  'f:kind': EMPTY,
  'f:metadata': {
    '.': EMPTY,
    'f:name': EMPTY,
    'f:namespace': EMPTY,
    'f:creationTimestamp': EMPTY,
    'f:selfLink': EMPTY,
    'f:uid': EMPTY,
    'f:clusterName': EMPTY,
    'f:generation': EMPTY,
    'f:managedFields': EMPTY,
    'f:resourceVersion': EMPTY,
  },
};
