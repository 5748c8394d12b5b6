// Steps that are off by default. The answers are those of kube-apiserver v1.36 with the same plug-ins.
import { expect } from 'chai';
import type { Pod, Toleration } from '../../src/api/types/core-v1.gen.js';
import { admit, refusal, type Write } from './helpers.js';

const exists = (key: string, more: Toleration = {}): Toleration => ({ key, operator: 'Exists', ...more });
const container = (requests?: object) => ({ name: 'c', image: 'i', ...(requests && { resources: { requests } }) });
const pod = (spec: object = {}) => ({ metadata: { name: 'p' }, spec: { containers: [container()], ...spec } });
const annotated = (annotations: Record<string, string>) => ({ namespaces: [{ metadata: { name: 'ns', annotations }, status: {} }] });

/** What a step alone adds to the defaults of every pod. */
async function tolerations(write: Partial<Write>, spec: object = {}): Promise<Toleration[]> {
  const { object } = await admit({ resource: 'pods', object: pod(spec), ...write });
  return ((object as Pod).spec.tolerations ?? []).filter(({ key = '' }) => !/not-ready|unreachable/.test(key));
}

describe('admission steps on request', () => {
  it('NamespaceAutoProvision makes the namespace, but not for a dry run', async () => {
    const write = { resource: 'configmaps', object: { metadata: { name: 'c' } }, enable: ['NamespaceAutoProvision'], namespace: 'new' };
    expect((await admit(write)).world['namespaces']).to.deep.include({ metadata: { name: 'new' }, status: {} });
    expect(await refusal({ ...write, dryRun: true })).to.equal('namespaces "new" not found');
    expect(await refusal({ ...write, namespace: '-' })).to.equal('configmaps "c" is forbidden: no such name');
  });

  it('NamespaceExists asks for the namespace of every write', async () => {
    const object = { metadata: { name: 'c' } };
    const write = { resource: 'configmaps', object, old: object, namespace: 'gone' };
    expect(await refusal(write)).to.equal('admitted');
    expect(await refusal({ ...write, enable: ['NamespaceExists'] })).to.equal('namespaces "gone" not found');
  });

  it('LimitPodHardAntiAffinityTopology allows nodes only', async () => {
    const refused = (topologyKey: string) =>
      refusal({
        resource: 'pods',
        object: pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] } } }),
        enable: ['LimitPodHardAntiAffinityTopology'],
      });
    expect(await refused('kubernetes.io/hostname')).to.equal('admitted');
    expect(await refused('zone')).to.equal(
      'pods "p" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey zone but only key kubernetes.io/hostname is allowed',
    );
  });

  it('DenyServiceExternalIPs lets addresses stay and go', async () => {
    const service = (...externalIPs: string[]) => ({ metadata: { name: 's' }, spec: { externalIPs } });
    const refused = (object: object, old?: object) =>
      refusal({ resource: 'services', object, ...(old && { old }), enable: ['DenyServiceExternalIPs'] });
    const denied = 'services "s" is forbidden: Use of external IPs is denied by admission control';
    expect(await refused(service('1.2.3.4'))).to.equal(denied);
    expect(await refused(service('1.2.3.4'), service('1.2.3.5'))).to.equal(denied);
    expect(await refused(service('1.2.3.4'), service('1.2.3.5', '1.2.3.4'))).to.equal('admitted');
    expect(await refused(service())).to.equal('admitted');
  });

  it('ExtendedResourceToleration tolerates the taints of what is asked for', async () => {
    const spec = {
      containers: [container({ cpu: '1', 'e.com/b': '1', 'e.com/a': '1' })],
      tolerations: [exists('e.com/b', { effect: 'NoSchedule' })],
    };
    expect(await tolerations({ enable: ['ExtendedResourceToleration'] }, spec)).to.deep.equal([
      exists('e.com/b', { effect: 'NoSchedule' }),
      exists('e.com/a', { effect: 'NoSchedule' }),
    ]);
  });

  describe('PodNodeSelector', () => {
    const enable = ['PodNodeSelector'];
    const within = (selector: string, nodeSelector?: object): Write => ({
      resource: 'pods',
      object: pod({ nodeSelector }),
      world: annotated({ 'scheduler.alpha.kubernetes.io/node-selector': selector }),
      enable,
    });

    it('gives pods the labels of the namespace', async () => {
      const selector = async (write: Write) => ((await admit(write)).object as Pod).spec.nodeSelector;
      expect(await selector(within('a=b, c=d', { e: 'f', a: 'b' }))).to.deep.equal({ a: 'b', c: 'd', e: 'f' });
      expect(await selector(within(''))).to.equal(undefined);
    });

    it('refuses other ones, and what is no list of labels', async () => {
      expect(await refusal(within('a=b', { a: 'x' }))).to.contain('conflicts with its namespace node label selector');
      expect(await refusal(within('a in (b)'))).to.equal('invalid selector: [a in (b)]');
      expect(await refusal(within('-a=b'))).to.match(/^<nil>: Invalid value: "-a": name part must consist of/);
      expect(await refusal(within('a=-b'))).to.match(/^\[a\]: Invalid value: "-b": a valid label must be/);
    });

    describe('that is told selectors', () => {
      const configuration = { PodNodeSelector: { podNodeSelectorPluginConfig: { clusterDefaultNodeSelector: 'a=b', ns: 'a=b,c=d' } } };
      const without = (nodeSelector?: object): Write => ({ resource: 'pods', object: pod({ nodeSelector }), enable, configuration });
      const selector = async (write: Write) => ((await admit(write)).object as Pod).spec.nodeSelector;

      it('gives pods the labels of the cluster where the namespace names none', async () => {
        expect(await selector(without())).to.deep.equal({ a: 'b' });
        expect(await selector({ ...within('', { c: 'd' }), configuration })).to.deep.equal({ c: 'd' });
        expect(await refusal(without({ a: 'x' }))).to.contain('conflicts with its namespace node label selector');
      });

      it('lets the pods of a namespace ask for its labels only', async () => {
        expect(await selector(without({ c: 'd' }))).to.deep.equal({ a: 'b', c: 'd' });
        const message = 'pods "p" is forbidden: pod node label selector labels conflict with its namespace whitelist';
        expect(await refusal(without({ c: 'x' }))).to.equal(message);
        expect(await refusal(without({ e: 'f' }))).to.equal(message);
        const world = { namespaces: [{ metadata: { name: 'other' }, status: {} }] };
        expect(await refusal({ ...without({ e: 'f' }), namespace: 'other', world })).to.equal('admitted');
      });

      it('reads them when they are needed, as upstream', async () => {
        const wrong = { PodNodeSelector: { podNodeSelectorPluginConfig: { ns: 'a in (b)' } } };
        expect(await refusal({ ...without(), configuration: wrong })).to.equal('invalid selector: [a in (b)]');
      });
    });
  });

  describe('PodTolerationRestriction', () => {
    const enable = ['PodTolerationRestriction'];
    const DEFAULTS = 'scheduler.alpha.kubernetes.io/defaultTolerations';
    const ALLOWED = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist';
    const LAST: Toleration = { key: 'y', operator: 'Equal', value: '1', effect: 'NoExecute', tolerationSeconds: 7 };
    const world = annotated({
      [DEFAULTS]: JSON.stringify([exists('x'), LAST]),
      [ALLOWED]: JSON.stringify([{ operator: 'Exists', effect: 'NoExecute' }, exists('x'), { key: 'y', operator: 'Equal', value: '1' }]),
    });

    it('adds what the namespace says, the wider for the narrower', async () => {
      expect(await tolerations({ enable, world })).to.deep.equal([exists('x'), LAST]);
      expect(await tolerations({ enable, world }, { tolerations: [exists('x', { effect: 'NoSchedule' })] })).to.deep.equal([
        exists('x'),
        LAST,
      ]);
      const longer = { ...LAST, tolerationSeconds: 9 };
      expect(await tolerations({ enable, world }, { tolerations: [longer] })).to.deep.equal([longer, exists('x')]);
      expect(await tolerations({ enable, world }, { tolerations: [{ ...LAST, tolerationSeconds: 3 }] })).to.deep.equal([exists('x'), LAST]);
    });

    it('lets pods that ask for resources stay when memory is short', async () => {
      const spec = { containers: [container({ cpu: '1' })] };
      const key = 'node.kubernetes.io/memory-pressure';
      expect(await tolerations({ enable }, spec)).to.deep.equal([exists(key, { effect: 'NoSchedule' })]);
      expect(await tolerations({ enable })).to.deep.equal([]);
    });

    it('refuses what the namespace does not allow', async () => {
      const object = pod({ tolerations: [exists('z')] });
      expect(await refusal({ resource: 'pods', object, enable, world })).to.equal(
        'pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist',
      );
    });

    it('takes what it is told where the namespace has no annotation', async () => {
      const kind = { apiVersion: 'podtolerationrestriction.admission.k8s.io/v1alpha1', kind: 'Configuration' };
      const configuration = {
        PodTolerationRestriction: {
          ...kind,
          default: [exists('d')],
          whitelist: [exists('d'), { operator: 'Exists', effect: 'NoExecute' }],
        },
      };
      const write = { enable, configuration };
      expect(await tolerations(write)).to.deep.equal([exists('d')]);
      const refused = (more: Partial<Write>) =>
        refusal({ resource: 'pods', object: pod({ tolerations: [exists('z')] }), ...write, ...more });
      expect(await refused({})).to.equal(
        'pod tolerations (possibly merged with namespace default tolerations) conflict with its cluster whitelist',
      );
      expect(await refused({ world: annotated({ [DEFAULTS]: '', [ALLOWED]: '' }) })).to.equal('admitted');
      expect(await tolerations({ ...write, world: annotated({ [DEFAULTS]: 'null' }) })).to.deep.equal([]);
    });

    it('refuses pods while an annotation cannot be read', async () => {
      const refused = (text: string) => refusal({ resource: 'pods', object: pod(), enable, world: annotated({ [DEFAULTS]: text }) });
      expect(await refused('oops')).to.equal("invalid character 'o' looking for beginning of value");
      expect(await refused('{}')).to.equal('json: cannot unmarshal object into Go value of type []v1.Toleration');
      expect(await refused('[3]')).to.equal('json: cannot unmarshal number into Go value of type v1.Toleration');
      expect(await refused('[{"key":1}]')).to.equal('json: cannot unmarshal number into Go struct field Toleration.key of type string');
      expect(await refused('[{"tolerationSeconds":1.5}]')).to.equal(
        'json: cannot unmarshal number 1.5 into Go struct field Toleration.tolerationSeconds of type int64',
      );
      expect(await refused('null')).to.equal('admitted');
    });
  });

  describe('OwnerReferencesPermissionEnforcement', () => {
    const owner = (name: string, blockOwnerDeletion: boolean, kind = 'Deployment', apiVersion = 'apps/v1') => ({
      apiVersion,
      kind,
      name,
      uid: `u-${name}`,
      blockOwnerDeletion,
    });
    const owned = (...ownerReferences: object[]) => ({ metadata: { name: 'c', ownerReferences } });
    const write = (object: object, old?: object, ...may: string[]) =>
      refusal({ resource: 'configmaps', object, ...(old && { old }), may, enable: ['OwnerReferencesPermissionEnforcement'] });

    it('lets whoever may delete an object change its owners', async () => {
      expect(await write(owned(owner('d', false)))).to.equal('admitted');
      expect(await write(owned(owner('d', false)), owned())).to.equal(
        `configmaps "c" is forbidden: cannot set an ownerRef on a resource you can't delete: , <nil>`,
      );
      expect(await write(owned(owner('d', false)), owned(), 'delete c')).to.equal('admitted');
      expect(await write(owned(owner('d', true)), owned(owner('d', true)))).to.equal('admitted');
    });

    it('lets whoever may set finalizers of an owner hold it', async () => {
      const held = owned(owner('d', true));
      expect(await write(held)).to.equal(
        `configmaps "c" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>`,
      );
      expect(await write(held, undefined, 'update d')).to.equal('admitted');
      expect(await write(held, undefined, 'update *')).to.equal('admitted');
      expect(await write(held, owned(owner('d', false)), 'delete c')).to.contain("you can't set finalizers on");
    });

    it('refuses owners of unknown kinds', async () => {
      expect(await write(owned(owner('d', true, 'Deployment', 'apps/v9')))).to.equal(
        'configmaps "c" is forbidden: cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion apps/v9 Kind Deployment: no matches for kind "Deployment" in version "apps/v9"',
      );
    });
  });
});
