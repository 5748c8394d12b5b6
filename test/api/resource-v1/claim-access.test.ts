import { expect } from 'chai';
import type { AuthorizationAttributes, Context } from '../../../src/api/context.js';
import { ApiError } from '../../../src/api/meta/errors.js';
import claims from '../../../src/api/resource-v1/resourceclaims.js';
import templates from '../../../src/api/resource-v1/resourceclaimtemplates.js';
import type { ResourceClaim, ResourceClaimTemplate } from '../../../src/api/types/resource-v1.gen.js';

const ADMIN = { 'resource.kubernetes.io/admin-access': 'true' };
const DEVICE = { driver: 'd.example.com', pool: 'p', device: 'dev' };
const ALLOCATION = { devices: { results: [{ request: 'r', ...DEVICE }] } };

interface Asked {
  readonly labels?: Record<string, string>;
  /** The rights of the user: `patch binding`. */
  readonly rights?: readonly string[];
  readonly node?: string;
}

function contextOf({ labels = {}, rights = [], node }: Asked = {}): Context {
  const authorize = ({ verb, subresource }: AuthorizationAttributes) => ({
    decision: rights.includes(`${verb} ${subresource}`) ? 'allow' : 'deny',
    reason: '',
  });
  const extra = node === undefined ? {} : { 'authentication.kubernetes.io/node-name': [node] };
  return {
    verb: 'patch',
    subresource: 'status',
    user: { username: 'system:serviceaccount:ns:driver', groups: [], extra },
    services: { reader: { get: () => ({ metadata: { labels } }) }, authorizer: { authorize } },
  } as unknown as Context;
}

function claimOf(status: object = {}, adminAccess?: boolean): ResourceClaim {
  const requests = [{ name: 'r', exactly: { deviceClassName: 'c', adminAccess, allocationMode: 'ExactCount', count: 1 } }];
  return { metadata: { name: 'claim', namespace: 'ns' }, spec: { devices: { requests } }, status } as unknown as ResourceClaim;
}

async function refusal(status: object, old: object, asked: Asked): Promise<string> {
  try {
    await claims.subresources.status?.begin?.(claimOf(status), claimOf(old), contextOf(asked));
    return '';
  } catch (e) {
    if (e instanceof ApiError) return e.message;
    throw e;
  }
}

describe('rights to devices', () => {
  it('admin access is for namespaces that are labelled for it', () => {
    const said = (errors: readonly { field: string }[] | undefined) => errors?.map(({ field }) => field);
    const spec = { spec: claimOf({}, true).spec };
    const template = { metadata: { name: 't', namespace: 'ns' }, spec } as unknown as ResourceClaimTemplate;
    expect(said(claims.validate?.(claimOf({}, true), contextOf()))).to.deep.equal(['spec.devices.requests[0].adminAccess']);
    expect(said(templates.validate?.(template, contextOf()))).to.deep.equal(['spec.devices.requests[0].adminAccess']);
    expect(said(claims.validate?.(claimOf({}, true), contextOf({ labels: ADMIN })))).to.deep.equal([]);
  });

  it('an allocation needs the right to bind', async () => {
    expect(await refusal({ allocation: ALLOCATION }, {}, {})).to.equal(
      'ResourceClaim.resource.k8s.io "claim" is invalid: status.allocation: Forbidden: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="patch" permission: resourceclaims.resource.k8s.io is forbidden: User "system:serviceaccount:ns:driver" cannot patch resource "resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope',
    );
    expect(await refusal({ allocation: ALLOCATION }, {}, { rights: ['patch binding'] })).to.equal('');
  });

  it('a report about a device needs a right for its driver, on its node or on any', async () => {
    const nodeSelector = { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }] };
    const old = { allocation: { ...ALLOCATION, nodeSelector } };
    const changed = { ...old, devices: [DEVICE] };
    expect(await refusal(changed, old, {})).to.contain(
      'verb="[arbitrary-node:patch]" permission: resourceclaims.resource.k8s.io "d.example.com"',
    );
    expect(await refusal(changed, old, { node: 'n' })).to.contain('verb="[associated-node:patch arbitrary-node:patch]"');
    expect(await refusal(changed, old, { node: 'n', rights: ['associated-node:patch driver'] })).to.equal('');
    expect(await refusal(changed, old, { node: 'm', rights: ['associated-node:patch driver'] })).to.contain('arbitrary-node');
    expect(await refusal(changed, old, { rights: ['arbitrary-node:patch driver'] })).to.equal('');
    expect(await refusal(changed, changed, {}), 'unchanged').to.equal('');
  });

  it('the conditions of a device may be none', () => {
    const status = { allocation: ALLOCATION, devices: [{ ...DEVICE, conditions: null }] };
    expect(claims.subresources.status?.validate?.(claimOf(status), claimOf(status), contextOf())).to.deep.equal([]);
  });
});
