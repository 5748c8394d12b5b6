// Who may give devices to claims: admin access needs a namespace that is meant for it, allocations and reports about devices
// need rights of their own (KEP-4381, KEP-5018).
import { equal } from '../../util/equal.js';
import type { AuthorizationAttributes, Context, Reader } from '../context.js';
import { invalid as invalidObject } from '../meta/errors.js';
import { at, type FieldError, type FieldPath, forbidden } from '../meta/field-errors.js';
import { semanticEqual } from '../meta/metadata.js';
import { namespaces } from '../meta/resources.gen.js';
import { NODE_NAME_EXTRA } from '../meta/well-known.js';
import { refusal } from '../shared/refusal.js';
import type { AllocatedDeviceStatus, AllocationResult, DeviceRequest, ResourceClaim } from '../types/resource-v1.gen.js';

const ADMIN_LABEL = 'resource.kubernetes.io/admin-access';
const STATUS = at('status');

/** @returns what is wrong with requests for admin access in a namespace */
export function validateAdminRequests(
  requests: readonly DeviceRequest[] | null | undefined,
  namespace: string,
  reader: Reader,
): FieldError[] {
  const index = (requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess === true);
  return index < 0 ? [] : validateAdminNamespace(namespace, at('spec', 'devices', 'requests').index(index), reader);
}

/** @returns what is wrong with an allocation that gives admin access; one that is there stays */
export function validateAdminResults(claim: ResourceClaim, old: ResourceClaim, reader: Reader): FieldError[] {
  const indexOf = ({ status }: ResourceClaim) => (status.allocation?.devices?.results ?? []).findIndex((r) => r.adminAccess === true);
  const index = indexOf(claim);
  if (index < 0 || indexOf(old) >= 0) return [];
  return validateAdminNamespace(claim.metadata.namespace ?? '', STATUS.child('allocation', 'devices', 'results').index(index), reader);
}

function validateAdminNamespace(namespace: string, path: FieldPath, reader: Reader): FieldError[] {
  if (reader.get(namespaces, '', namespace)?.metadata.labels?.[ADMIN_LABEL] === 'true') return [];
  return [
    forbidden(path.child('adminAccess'), `admin access to devices requires the \`${ADMIN_LABEL}: true\` label on the containing namespace`),
  ];
}

/**
 * `begin` of a ResourceClaim's status: whether the user may change what was allocated, and what drivers say of it.
 * @throws ApiError Invalid
 */
export async function checkStatusRights(claim: ResourceClaim, old: ResourceClaim, context: Context): Promise<undefined> {
  const errors = [...(await bindingProblems(claim, old, context)), ...(await driverProblems(claim, old, context))];
  if (errors.length > 0) throw invalidObject({ group: 'resource.k8s.io', kind: 'ResourceClaim' }, claim.metadata.name, errors);
}

async function bindingProblems({ status }: ResourceClaim, { status: old }: ResourceClaim, context: Context): Promise<FieldError[]> {
  if (semanticEqual(status.allocation, old.allocation) && semanticEqual(status.reservedFor, old.reservedFor)) return [];
  const right = { verb: context.verb, subresource: 'binding', namespace: '', name: '' };
  const refused = await refusedRight(context, right);
  if (refused === undefined) return [];
  const text = `changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="${right.verb}" permission: ${refused}`;
  return [forbidden(STATUS.child('allocation'), text)];
}

async function driverProblems(
  { metadata, status }: ResourceClaim,
  { status: old }: ResourceClaim,
  context: Context,
): Promise<FieldError[]> {
  if (!status.allocation) return [];
  const onNode = isOnNode(context, nodeOf(status.allocation));
  const verbs = [...(onNode ? ['associated-node'] : []), 'arbitrary-node'].map((prefix) => `${prefix}:${context.verb}`);
  const errors: FieldError[] = [];
  for (const driver of changedDrivers(status.devices ?? [], old.devices ?? [])) {
    let refused: string | undefined;
    for (const verb of verbs) {
      const reason = await refusedRight(context, { verb, subresource: 'driver', namespace: metadata.namespace ?? '', name: driver });
      if (reason === undefined) {
        refused = undefined;
        break;
      }
      refused ??= reason;
    }
    if (refused === undefined) continue;
    const text = `changing status.devices requires resource="resourceclaims/driver", verb="[${verbs.join(' ')}]" permission: ${refused}`;
    errors.push(forbidden(STATUS.child('devices'), text));
  }
  return errors;
}

/** @returns why a right is not the user's; undefined: it is */
async function refusedRight(
  { user, services }: Context,
  right: Pick<AuthorizationAttributes, 'verb' | 'subresource' | 'namespace' | 'name'>,
): Promise<string | undefined> {
  const attributes = { ...right, user, group: 'resource.k8s.io', version: 'v1', resource: 'resourceclaims' };
  const { decision, reason } = await services.authorizer.authorize(attributes);
  return decision === 'allow' ? undefined : refusal(attributes, reason).message;
}

/** The drivers of devices that were added, changed or taken away, in order. */
function changedDrivers(devices: readonly AllocatedDeviceStatus[], old: readonly AllocatedDeviceStatus[]): string[] {
  const keyOf = ({ driver, pool, device, shareID }: AllocatedDeviceStatus) => JSON.stringify([driver, pool, device, shareID ?? '']);
  const before = new Map(old.map((device) => [keyOf(device), device]));
  const changed = devices.filter((device) => !equal(device, before.get(keyOf(device))));
  const kept = new Set(devices.map(keyOf));
  return [...new Set([...changed, ...old.filter((device) => !kept.has(keyOf(device)))].map(({ driver }) => driver))].sort();
}

/** The one node an allocation is for; "" when it may be for others. */
function nodeOf({ nodeSelector }: AllocationResult): string {
  const [term, ...more] = nodeSelector?.nodeSelectorTerms ?? [];
  const [field, ...others] = term?.matchFields ?? [];
  if (!term || !field || more.length > 0 || others.length > 0 || (term.matchExpressions ?? []).length > 0) return '';
  const [node = '', ...nodes] = field.values ?? [];
  return field.key === 'metadata.name' && field.operator === 'In' && nodes.length === 0 ? node : '';
}

/** Whether the user is a service account whose token is bound to the node. */
function isOnNode({ user }: Context, node: string): boolean {
  const [own, ...more] = user.extra?.[NODE_NAME_EXTRA] ?? [];
  return node !== '' && own === node && more.length === 0 && /^system:serviceaccount:[^:]+:[^:]+$/.test(user.username);
}
