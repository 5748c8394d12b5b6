import type { AdmissionAttributes } from '../../api/admission.js';
import { semanticEqual } from '../../api/meta/metadata.js';
import { goQuote } from '../../api/meta/quote.js';
import { difference } from '../../api/shared/pod/rules.js';
import type { PersistentVolumeClaim } from '../../api/types/core-v1.gen.js';
import { forbidden } from '../step.js';

/** Of a claim a kubelet says only how far its volume has grown. @throws ApiError to refuse */
export function checkClaim(node: string, attributes: AdmissionAttributes): void {
  const { subresource, operation } = attributes;
  if (subresource !== 'status') throw forbidden(attributes, 'may only update PVC status');
  if (operation !== 'UPDATE') throw forbidden(attributes, `unexpected operation ${goQuote(operation)}`);
  const old = withoutGrowth(attributes.old as PersistentVolumeClaim);
  const next = withoutGrowth(attributes.object as PersistentVolumeClaim);
  if (semanticEqual(next, old)) return;
  throw forbidden(
    attributes,
    `node ${goQuote(node)} is not allowed to update fields other than status.quantity and status.conditions: ${difference(old, next, 'core.PersistentVolumeClaim')}`,
  );
}

function withoutGrowth({ metadata, spec, status }: PersistentVolumeClaim) {
  const { resourceVersion: _revision, managedFields: _managers, ...kept } = metadata;
  const {
    capacity: _capacity,
    conditions: _conditions,
    allocatedResources: _allocated,
    allocatedResourceStatuses: _states,
    ...others
  } = status;
  return { metadata: kept, spec, status: others };
}
