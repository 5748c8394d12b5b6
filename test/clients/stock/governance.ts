import { expect } from 'chai';
import { createPublicKey, X509Certificate } from 'node:crypto';
import {
  certificatesigningrequests,
  clusterroles,
  configmaps,
  deployments,
  namespaces,
  poddisruptionbudgets,
  pods,
  replicasets,
  resourcequotas,
  secrets,
  serviceaccounts,
  servicecidrs,
  tokenreviews,
  validatingadmissionpolicies,
} from '../../../src/api/meta/resources.gen.js';
import { signingRequest } from '../../helpers/signing-request.js';
import type { Resource } from '../../../src/api/meta/object.js';
import type { StockCluster } from './cluster.js';
import { Refusal } from './objects.js';
import { deployment, template } from './workloads.js';

/** Everything around the workloads: limits, deletion, identities, nodes that are lost. */
export function governanceConversations(use: () => StockCluster): void {
  let namespace: string;
  before(async () => {
    namespace = await use().namespace('governance');
  });

  const refused = async (call: Promise<unknown>): Promise<Refusal> => {
    const answer = await call.then(
      () => new Error('it was done'),
      (e: unknown) => e,
    );
    if (answer instanceof Refusal) return answer;
    throw answer;
  };

  it('counts what a ResourceQuota limits', async () => {
    const { objects, until } = use();
    const key = { namespace, name: 'few' };
    await objects.create(resourcequotas, {
      metadata: key,
      spec: { hard: { configmaps: '3', pods: '2', 'count/leases.coordination.k8s.io': '5' } },
    });
    const { status } = await until('it is counted', async () => {
      const quota = await objects.get(resourcequotas, key);
      return quota.status?.used && quota;
    });
    expect(status?.used).to.deep.equal({ configmaps: '1', pods: '0', 'count/leases.coordination.k8s.io': '0' });
    for (const name of ['one', 'two']) await objects.create(configmaps, { metadata: { namespace, name } });
    const { code, message } = await refused(objects.create(configmaps, { metadata: { namespace, name: 'three' } }));
    expect(code).to.equal(403);
    expect(message).to.include('exceeded quota: few, requested: configmaps=1, used: configmaps=3, limited: configmaps=3');
    await objects.delete(configmaps, { namespace, name: 'one' });
    await until('what is free again', async () => (await objects.get(resourcequotas, key)).status?.used?.['configmaps'] === '2');
    await objects.delete(resourcequotas, key);
  });

  it('keeps a PodDisruptionBudget when pods are evicted', async () => {
    const { objects, until } = use();
    const key = { namespace, name: 'guarded' };
    await objects.create(deployments, deployment(namespace, 'guarded', 2));
    await objects.create(poddisruptionbudgets, { metadata: key, spec: { minAvailable: 1, selector: { matchLabels: { app: 'guarded' } } } });
    await until('one may go', async () => (await objects.get(poddisruptionbudgets, key)).status?.disruptionsAllowed === 1);
    await objects.merge(deployments, { ...key, subresource: 'scale' }, { spec: { replicas: 1 } });
    await until('none may go', async () => (await objects.get(poddisruptionbudgets, key)).status?.disruptionsAllowed === 0);
    const name = await until('one pod is left', async () => {
      const left = await objects.list(pods, { namespace }, 'app=guarded');
      return left.length === 1 && left[0]?.metadata.deletionTimestamp === undefined && left[0]?.metadata.name;
    });
    const eviction = { metadata: { namespace, name }, apiVersion: 'policy/v1', kind: 'Eviction' };
    const { code, message } = await refused(objects.create(pods, eviction, { namespace, name, subresource: 'eviction' }));
    expect(code).to.equal(429);
    expect(message).to.include("Cannot evict pod as it would violate the pod's disruption budget.");
  });

  it('deletes what an owner owned: after it, before it, or not at all', async () => {
    const { objects, until } = use();
    const gone = (name: string) =>
      until(`${name} and its pods are gone`, async () => {
        const left = await Promise.all(
          ([deployments, replicasets, pods] as Resource[]).map((r) => objects.list(r, { namespace }, `owner=${name}`)),
        );
        return left.flat().length === 0;
      });
    const make = async (name: string) => {
      const metadata = { labels: { app: name, owner: name } };
      const spec = { selector: { matchLabels: { app: name } }, template: { ...template(name), metadata } };
      await objects.create(deployments, { metadata: { namespace, name, ...metadata }, spec });
      await until(`a pod of ${name}`, async () => (await objects.list(pods, { namespace }, `owner=${name}`)).length === 1);
    };
    for (const propagationPolicy of ['Background', 'Foreground']) {
      const name = propagationPolicy.toLowerCase();
      await make(name);
      await objects.delete(deployments, { namespace, name }, { propagationPolicy });
      await gone(name);
    }
    await make('orphans');
    await objects.delete(deployments, { namespace, name: 'orphans' }, { propagationPolicy: 'Orphan' });
    await until('the owner is gone', async () => (await objects.find(deployments, { namespace, name: 'orphans' })) === undefined);
    const [set] = await objects.list(replicasets, { namespace }, 'owner=orphans');
    expect(set?.metadata.ownerReferences).to.equal(undefined);
    await objects.delete(replicasets, { namespace, name: set?.metadata.name ?? '' });
    await gone('orphans');
  });

  it('empties and removes a namespace', async () => {
    const { objects, until } = use();
    const name = await use().namespace('brief');
    await objects.create(deployments, deployment(name, 'web', 2));
    await until('pods', async () => (await objects.list(pods, { namespace: name })).length === 2);
    await objects.delete(namespaces, { name });
    await until('it is gone', async () => (await objects.find(namespaces, { name })) === undefined);
  });

  it('gives service accounts the authority and tokens in secrets that are believed', async () => {
    const { objects, until } = use();
    const root = await until('the authority', async () => objects.find(configmaps, { namespace, name: 'kube-root-ca.crt' }));
    expect(new X509Certificate(root.data?.['ca.crt'] ?? '').ca).to.equal(true);
    const annotations = { 'kubernetes.io/service-account.name': 'default' };
    await objects.create(secrets, {
      metadata: { namespace, name: 'legacy', annotations },
      type: 'kubernetes.io/service-account-token',
    });
    const filled = await until('the token', async () => {
      const secret = await objects.get(secrets, { namespace, name: 'legacy' });
      return secret.data?.['token'] !== undefined && secret;
    });
    const token = Buffer.from(filled.data?.['token'] ?? '', 'base64').toString();
    const { status } = await objects.create(tokenreviews, { metadata: {}, spec: { token } });
    expect(status?.user?.username).to.equal(`system:serviceaccount:${namespace}:default`);
    const { labels } = (await objects.get(secrets, { namespace, name: 'legacy' })).metadata;
    expect(labels).to.have.all.keys('kubernetes.io/legacy-token-last-used');
    await objects.create(serviceaccounts, { metadata: { namespace, name: 'short' } });
    await objects.create(secrets, {
      metadata: { namespace, name: 'short', annotations: { 'kubernetes.io/service-account.name': 'short' } },
      type: 'kubernetes.io/service-account-token',
    });
    await objects.delete(serviceaccounts, { namespace, name: 'short' });
    await until('its secret goes with it', async () => (await objects.find(secrets, { namespace, name: 'short' })) === undefined);
  });

  it('signs the certificates that are approved, and approves those of kubelets', async () => {
    const { objects, until } = use();
    const issued = (name: string) =>
      until(`the certificate of ${name}`, async () => (await objects.get(certificatesigningrequests, { name })).status?.certificate);
    const human = await signingRequest({ commonName: 'jane', organizations: ['developers'] });
    const usages = ['digital signature' as const, 'client auth' as const];
    const spec = { request: Buffer.from(human.request).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client', usages };
    await objects.create(certificatesigningrequests, { metadata: { name: 'jane' }, spec });
    const approved = { type: 'Approved', status: 'True', reason: 'Test', message: 'by hand' };
    await objects.merge(certificatesigningrequests, { name: 'jane', subresource: 'approval' }, { status: { conditions: [approved] } });
    const certificate = new X509Certificate(Buffer.from(await issued('jane'), 'base64'));
    expect(certificate.subject).to.equal('O=developers\nCN=jane');
    expect(certificate.publicKey.equals(createPublicKey(human.publicKey))).to.equal(true);
    const kubelet = await signingRequest({ commonName: 'system:node:node-a', organizations: ['system:nodes'] });
    await objects.create(certificatesigningrequests, {
      metadata: { name: 'node-a' },
      spec: { request: Buffer.from(kubelet.request).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages },
    });
    expect(new X509Certificate(Buffer.from(await issued('node-a'), 'base64')).subject).to.equal('O=system:nodes\nCN=system:node:node-a');
  });

  it('signs cluster-info for who joins, and forgets tokens that are over', async () => {
    const { objects, until } = use();
    const kubeconfig = 'apiVersion: v1\nkind: Config\n';
    await objects.create(configmaps, { metadata: { namespace: 'kube-public', name: 'cluster-info' }, data: { kubeconfig } });
    const stringData = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-signing': 'true' };
    const key = { namespace: 'kube-system', name: 'bootstrap-token-abcdef' };
    await objects.create(secrets, { metadata: key, type: 'bootstrap.kubernetes.io/token', stringData });
    await until(
      'the signature',
      async () => (await objects.get(configmaps, { namespace: 'kube-public', name: 'cluster-info' })).data?.['jws-kubeconfig-abcdef'],
    );
    await objects.merge(secrets, key, { stringData: { expiration: new Date(Date.now() - 60_000).toISOString() } });
    await until('the token is gone', async () => (await objects.find(secrets, key)) === undefined);
  });

  it('adds up the rules of an aggregated role', async () => {
    const { objects, until } = use();
    const rules = [{ apiGroups: ['example.com'], resources: ['things'], verbs: ['get'] }];
    const labels = { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' };
    await objects.create(clusterroles, { metadata: { name: 'view-things', labels }, rules });
    const has = async () => JSON.stringify((await objects.get(clusterroles, { name: 'view' })).rules).includes('example.com');
    await until('view shows things', has);
    await objects.delete(clusterroles, { name: 'view-things' });
    await until('and no more', async () => !(await has()));
  });

  it('checks the types in an admission policy, and the range of services', async () => {
    const { objects, until } = use();
    const resourceRules = [{ apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'], operations: ['CREATE' as const] }];
    const validations = [{ expression: 'object.spec.replicas < "many"' }];
    const key = { name: 'wrong-types' };
    await objects.create(validatingadmissionpolicies, { metadata: key, spec: { matchConstraints: { resourceRules }, validations } });
    const { status } = await until('it is checked', async () => {
      const policy = await objects.get(validatingadmissionpolicies, key);
      return policy.status?.observedGeneration === policy.metadata.generation && policy;
    });
    expect(status?.typeChecking?.expressionWarnings?.[0]?.warning).to.include(
      "found no matching overload for '_<_' applied to '(int, string)'",
    );
    await objects.delete(validatingadmissionpolicies, key);
    const cidr = await objects.get(servicecidrs, { name: 'kubernetes' });
    expect(cidr.status?.conditions?.map((c) => `${c.type} ${c.status}`)).to.deep.equal(['Ready True']);
    expect(cidr.metadata.finalizers).to.deep.equal(['networking.k8s.io/service-cidr-finalizer']);
  });
}
