// POST pods/<name>/binding: the scheduler assigns a pod to a node.
import { timestamp } from '../../../util/clock.js';
import { copy } from '../../../util/equal.js';
import type { Context, ObjectKey } from '../../context.js';
import { ApiError, badRequest, conflict, preconditionFailed } from '../../meta/errors.js';
import { at, type FieldError, notSupported, required } from '../../meta/field-errors.js';
import type { KubeObject } from '../../meta/object.js';
import { pods } from '../../meta/resources.gen.js';
import { aggregate } from '../../meta/selectors.js';
import type { Binding, Pod } from '../../types/core-v1.gen.js';
import { setPodCondition } from './conditions.js';

/** What a POST that acts and has nothing to show answers. */
export const CREATED = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } as unknown as KubeObject;

/**
 * Assigns the pod to the node that the binding names; labels and annotations of the binding go over to the pod.
 * @throws ApiError Conflict for a pod that is bound, gated or on its way out; BadRequest
 */
export async function bind(context: Context, key: ObjectKey, binding: Binding): Promise<KubeObject> {
  if (binding.metadata.name !== key.name) throw badRequest('name in URL does not match name in Binding object');
  const wrong = validateBinding(binding);
  // upstream does not make an Invalid of these
  if (wrong.length) throw new ApiError({ code: 500, message: aggregate(wrong.map((e) => `${e.field}: ${e.message}`)) });
  await context.services.writer.update(context, pods, key, 'binding', (current) => assigned(current, binding, context.dryRun));
  return CREATED;
}

function validateBinding({ target }: Binding): FieldError[] {
  const errors: FieldError[] = [];
  if (target?.kind && target.kind !== 'Node') errors.push(notSupported(at('target', 'kind'), target.kind, ['Node', '<empty>']));
  if (!target?.name) errors.push(required(at('target', 'name')));
  return errors;
}

function assigned(current: Pod, { metadata, target }: Binding, dryRun: boolean): Pod {
  checkPrecondition('UID', metadata.uid, current.metadata.uid, current, dryRun);
  checkPrecondition('ResourceVersion', metadata.resourceVersion, current.metadata.resourceVersion, current, dryRun);
  const { name } = current.metadata;
  const refuse = (cause: string) => conflict({ group: '', resource: 'pods/binding' }, name, cause);
  if (current.metadata.deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (current.spec.nodeName) throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(current.spec.nodeName)}`);
  if (current.spec.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
  const pod = copy(current);
  pod.spec.nodeName = target.name;
  if (metadata.annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...metadata.annotations };
  if (metadata.labels) pod.metadata.labels = { ...pod.metadata.labels, ...metadata.labels };
  return pod;
}

/** A binding may name the pod it was made for; upstream shows its storage's own words when that is another. */
function checkPrecondition(
  what: string,
  wanted: string | undefined,
  present: string | undefined,
  { metadata }: Pod,
  dryRun: boolean,
): void {
  if (!wanted || wanted === present) return;
  throw preconditionFailed(pods, `${dryRun ? '' : '/registry'}/pods/${metadata.namespace}/${metadata.name}`, what, wanted, present ?? '');
}

/** The part of a binding that the pod's status shows. */
export function markScheduled(pod: Pod, context: Context): void {
  pod.status = { ...pod.status, nominatedNodeName: undefined };
  setPodCondition(pod.status, { type: 'PodScheduled', status: 'True' }, timestamp(context.services.clock.now()));
}
