import { expect } from 'chai';
import type { Api } from './session.js';

const OWN = 'access-here';
const OTHER = 'access-elsewhere';
const UNRELATED = `no relationship found between node '${OWN}' and this object`;

interface Asked {
  verb?: string;
  group?: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  fieldSelector?: object;
}

/** What the Node authorizer says, asked by reviews of a node's user. The server's modes must be Node and RBAC. */
export function nodeAccessConversations(use: () => Api): void {
  /** Asks for the node's user. @returns '' when it is allowed, else the reason */
  async function ask(resourceAttributes: Asked, user = `system:node:${OWN}`, groups = ['system:nodes', 'system:authenticated']) {
    const spec = { user, groups, resourceAttributes: { verb: 'get', ...resourceAttributes } };
    const answer = await use().post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec });
    expect(answer.status, JSON.stringify(answer.body)).to.equal(201);
    const { allowed, reason } = answer.body.status;
    return allowed ? '' : (reason ?? 'no reason');
  }
  const here = (asked: Omit<Asked, 'namespace'>) => ask({ ...asked, namespace: use().namespace });

  const pod = (name: string, spec: object) => ({
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'i', env: [] }], automountServiceAccountToken: false, ...spec },
  });

  it('nodes may read what pods bound to them name, and nothing else', async () => {
    const api = use();
    const container = {
      name: 'c',
      image: 'i',
      envFrom: [{ secretRef: { name: 'env' } }, { configMapRef: { name: 'env' } }],
      env: [{ name: 'K', valueFrom: { secretKeyRef: { name: 'key', key: 'k' } } }],
    };
    const volumes = [
      { name: 'a', secret: { secretName: 'volume' } },
      { name: 'b', projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'projected' } }] } },
      { name: 'c', csi: { driver: 'd', nodePublishSecretRef: { name: 'csi' } } },
      { name: 'd', persistentVolumeClaim: { claimName: 'claim' } },
      {
        name: 'e',
        ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } } },
      },
    ];
    await api.create(
      'pods',
      pod('here', { nodeName: OWN, serviceAccountName: 'default', containers: [container], volumes, imagePullSecrets: [{ name: 'pull' }] }),
    );
    await api.create('pods', pod('elsewhere', { nodeName: OTHER, volumes: [{ name: 'a', secret: { secretName: 'other' } }] }));
    // a server may learn of the pod a moment later; the time limit of the test ends the waiting
    while ((await here({ resource: 'secrets', name: 'env' })) !== '');
    for (const name of ['env', 'key', 'volume', 'projected', 'csi', 'pull'])
      expect(await here({ resource: 'secrets', name }), name).to.equal('');
    for (const name of ['env', 'projected']) expect(await here({ resource: 'configmaps', name, verb: 'watch' }), name).to.equal('');
    for (const name of ['claim', 'here-e']) expect(await here({ resource: 'persistentvolumeclaims', name }), name).to.equal('');
    expect(await here({ resource: 'serviceaccounts', name: 'default', verb: 'create', subresource: 'token' })).to.equal('');
    expect(await here({ resource: 'pods', name: 'here' })).to.equal('');
    expect(await here({ resource: 'pods', name: 'elsewhere' })).to.equal(UNRELATED);
    expect(await here({ resource: 'secrets', name: 'other' })).to.equal(UNRELATED);
    expect(await here({ resource: 'configmaps', name: 'key' })).to.equal(UNRELATED);
    expect(await here({ resource: 'serviceaccounts', name: 'other', verb: 'create', subresource: 'token' })).to.equal(UNRELATED);
    expect(await here({ resource: 'secrets' })).to.equal('No Object name found');
    expect(await here({ resource: 'secrets', name: 'env', verb: 'delete' })).to.equal('can only read resources of this type');
    expect(await ask({ resource: 'secrets', name: 'env' })).to.equal('can only read namespaced object of this type');
    expect(await here({ resource: 'persistentvolumeclaims', name: 'claim', verb: 'patch', subresource: 'status' })).to.equal('');
    expect(await here({ resource: 'persistentvolumeclaims', verb: 'list' })).to.equal('can only get individual resources of this type');
  });

  it('nodes may read the volumes that claims of their pods are bound to, and the secrets these need', async () => {
    const api = use();
    const name = `${api.namespace}-volume`;
    const secret = (secretName: string) => ({ name: secretName, namespace: api.namespace });
    await api
      .post('/api/v1/persistentvolumes', {
        metadata: { name },
        spec: {
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce'],
          claimRef: { namespace: api.namespace, name: 'claim' },
          csi: {
            driver: 'd',
            volumeHandle: 'h',
            nodeStageSecretRef: secret('stage'),
            nodePublishSecretRef: secret('publish'),
            controllerPublishSecretRef: secret('controller'),
          },
        },
      })
      .expect(201);
    try {
      while ((await ask({ resource: 'persistentvolumes', name })) !== '');
      for (const used of ['stage', 'publish']) expect(await here({ resource: 'secrets', name: used }), used).to.equal('');
      expect(await here({ resource: 'secrets', name: 'controller' })).to.equal(UNRELATED);
    } finally {
      await api.delete(`/api/v1/persistentvolumes/${name}`).expect(200);
    }
  });

  it('nodes may read pods and slices bound to them, and their own node', async () => {
    const selector = (key: string, operator: string, value: string) => ({ requirements: [{ key, operator, values: [value] }] });
    const pods = { resource: 'pods', verb: 'list' };
    expect(await ask(pods)).to.equal('can only list/watch pods with spec.nodeName field selector');
    expect(await ask({ ...pods, fieldSelector: selector('spec.nodeName', 'In', OWN) })).to.equal('');
    expect(await ask({ ...pods, fieldSelector: { rawSelector: `spec.nodeName=${OWN},metadata.name=x` } })).to.equal('');
    for (const other of [selector('spec.nodeName', 'NotIn', OWN), selector('spec.nodeName', 'In', OTHER)])
      expect(await ask({ ...pods, fieldSelector: other })).to.equal('can only list/watch pods with spec.nodeName field selector');
    const slices = { group: 'resource.k8s.io', resource: 'resourceslices', verb: 'deletecollection' };
    expect(await ask({ ...slices, fieldSelector: selector('spec.nodeName', 'In', OWN) })).to.equal('');
    expect(await ask(slices)).to.equal('can only list/watch/deletecollection resourceslices with nodeName field selector');
    expect(await ask({ resource: 'nodes', name: OWN })).to.equal('');
    expect(await ask({ resource: 'nodes', name: OTHER })).to.equal(`node '${OWN}' cannot read '${OTHER}', only its own Node object`);
    expect(await ask({ resource: 'nodes', verb: 'list' })).to.equal(`node '${OWN}' cannot read all nodes, only its own Node object`);
    expect(await ask({ resource: 'nodes', name: OTHER, verb: 'update', subresource: 'status' })).to.equal('');
    expect(await ask({ resource: 'nodes', name: OWN, verb: 'delete' })).to.equal('no reason');
  });

  it('nodes keep their own leases and CSINodes, and may do what all nodes may', async () => {
    const lease = { group: 'coordination.k8s.io', resource: 'leases', verb: 'update', name: OWN, namespace: 'kube-node-lease' };
    expect(await ask(lease)).to.equal('');
    expect(await ask({ ...lease, name: OTHER })).to.equal('can only access node lease with the same name as the requesting node');
    expect(await ask({ ...lease, namespace: 'default' })).to.equal('can only access leases in the "kube-node-lease" system namespace');
    expect(await ask({ ...lease, verb: 'list' })).to.equal('can only get, create, update, patch, or delete a node lease');
    const csiNode = { group: 'storage.k8s.io', resource: 'csinodes', name: OTHER };
    expect(await ask({ ...csiNode, verb: 'create' })).to.equal('');
    expect(await ask(csiNode)).to.equal('can only access CSINode with the same name as the requesting node');
    expect(await ask({ resource: 'services', verb: 'list' })).to.equal('');
    expect(await ask({ resource: 'services', verb: 'create' })).to.equal('no reason');
  });

  it('a name and a group make a node, not one of them', async () => {
    const services = { resource: 'services', verb: 'list' };
    expect(await ask(services, `system:node:${OWN}`, ['system:authenticated'])).to.equal('no reason');
    expect(await ask(services, 'jane', ['system:nodes'])).to.equal('no reason');
    expect(await ask(services, 'system:node:', ['system:nodes'])).to.equal('unknown node for user "system:node:"');
  });
}
