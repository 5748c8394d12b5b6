// Owners are a matter of rights: whoever changes those of an object must be able to delete it, and whoever holds an owner back,
// to set the owner's finalizers.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#ownerreferencespermissionenforcement
import type { AdmissionAttributes } from '../api/admission.js';
import type { Decision } from '../api/context.js';
import { semanticEqual } from '../api/meta/metadata.js';
import type { OwnerReference } from '../api/types/meta-v1.gen.js';
import { forbidden, type Step } from './step.js';

export const ownerReferencesPermissionEnforcement: Step = {
  name: 'OwnerReferencesPermissionEnforcement',
  onByDefault: false,
  handles: ({ definition, subresource, operation }) =>
    // old kubelets send wrong owners with the status of pods; they are not stored
    (operation === 'CREATE' || operation === 'UPDATE') &&
    !(definition.group === '' && definition.resource === 'pods' && subresource === 'status'),
  async validate(attributes) {
    const { object, old, operation } = attributes;
    const owners = object?.metadata?.ownerReferences ?? [];
    const before = old?.metadata?.ownerReferences ?? [];
    if (semanticEqual(owners, before)) return;
    if (operation === 'UPDATE') await checkDelete(attributes);
    const held = new Set(before.filter((owner) => owner.blockOwnerDeletion).map((owner) => owner.uid));
    const holding = owners.filter((owner) => owner.blockOwnerDeletion && !held.has(owner.uid));
    if (holding.length === 0 || isAllowed(await mayFinalize(attributes, ANYTHING))) return;
    for (const owner of holding) await checkHold(attributes, owner);
  },
};

const ANYTHING = { group: '*', version: '*', resource: '*', namespace: '', name: '*' };

async function checkDelete(attributes: AdmissionAttributes): Promise<void> {
  const { definition, subresource, namespace, name, context } = attributes;
  const { group, version, resource } = definition;
  const asked = { user: context.user, verb: 'delete', group, version, resource, subresource, namespace, name };
  const decision = await context.services.authorizer.authorize(asked);
  if (!isAllowed(decision)) throw forbidden(attributes, `cannot set an ownerRef on a resource you can't delete: ${decision.reason}, <nil>`);
}

async function checkHold(attributes: AdmissionAttributes, owner: OwnerReference): Promise<void> {
  const { namespace, context } = attributes;
  const [group, version] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : ['', owner.apiVersion];
  const found = context.services.resourceOf({ group: group ?? '', version: version ?? '', kind: owner.kind });
  if (!found) {
    const why = `no matches for kind ${JSON.stringify(owner.kind)} in version ${JSON.stringify(owner.apiVersion)}`;
    const cause = `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${owner.apiVersion} Kind ${owner.kind}: ${why}`;
    throw forbidden(attributes, cause);
  }
  const decision = await mayFinalize(attributes, { ...found, namespace: found.namespaced ? namespace : '', name: owner.name });
  if (isAllowed(decision)) return;
  const cause = `cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: ${decision.reason}, <nil>`;
  throw forbidden(attributes, cause);
}

function mayFinalize(
  { context }: AdmissionAttributes,
  { group, version, resource, namespace, name }: typeof ANYTHING,
): Decision | Promise<Decision> {
  const asked = { user: context.user, verb: 'update', group, version, resource, subresource: 'finalizers', namespace, name };
  return context.services.authorizer.authorize(asked);
}

function isAllowed({ decision }: Decision): boolean {
  return decision === 'allow';
}
