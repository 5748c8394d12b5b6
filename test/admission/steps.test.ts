import { expect } from 'chai';
import { admissionPlugins, createAdmission } from '../../src/admission/index.js';
import type { PersistentVolumeClaim, Pod } from '../../src/api/types/core-v1.gen.js';
import type { Ingress } from '../../src/api/types/networking-v1.gen.js';
import { UserError } from '../../src/util/user-error.js';
import { signingRequest } from '../helpers/signing-request.js';
import { admit, refusal } from './helpers.js';

describe('admission steps', () => {
  it('are those of v1.36, in its order, on and off by default as there', () => {
    const shown = admissionPlugins.map(({ name, onByDefault }) => (onByDefault ? name : `(${name})`)).join(' ');
    expect(shown).to.equal(
      '(AlwaysAdmit) (NamespaceAutoProvision) NamespaceLifecycle (NamespaceExists) (LimitPodHardAntiAffinityTopology) LimitRanger ' +
        'ServiceAccount (NodeRestriction) TaintNodesByCondition (AlwaysPullImages) (ImagePolicyWebhook) PodSecurity (PodNodeSelector) ' +
        'Priority DefaultTolerationSeconds (PodTolerationRestriction) (EventRateLimit) (ExtendedResourceToleration) DefaultStorageClass ' +
        'StorageObjectInUseProtection PodGroupProtection (OwnerReferencesPermissionEnforcement) PersistentVolumeClaimResize RuntimeClass ' +
        'CertificateApproval CertificateSigning ClusterTrustBundleAttest CertificateSubjectRestriction DefaultIngressClass ' +
        '(DenyServiceExternalIPs) PodTopologyLabels PodGroupWorkloadExists NodeDeclaredFeatureValidator JobValidation PodResizeValidator ' +
        'ResourceQuota',
    );
  });

  it('are known by name; a wrong name is the fault of who gave it', async () => {
    const refusal = async (enable: string[], disable: string[] = []) => {
      const error: unknown = await createAdmission({ enable, disable }).catch((e: unknown) => e);
      expect(error).to.be.instanceOf(UserError).with.property('kind', 'usage');
      return (error as Error).message;
    };
    expect(await refusal(['Nonsense'])).to.match(
      /^--enable-admission-plugins: unknown admission plug-in "Nonsense"; there are AlwaysAdmit, /,
    );
    expect(await refusal([], ['Nonsense'])).to.match(/^--disable-admission-plugins: unknown admission plug-in "Nonsense"; there are /);
    expect(await refusal(['MutatingAdmissionWebhook'])).to.equal(
      '--enable-admission-plugins: the admission plug-in MutatingAdmissionWebhook is not supported yet',
    );
    expect(await refusal(['AlwaysAdmit', 'PodSecurity'], ['PodSecurity'])).to.equal(
      '--enable-admission-plugins and --disable-admission-plugins: PodSecurity must not be in both',
    );
    await createAdmission({ enable: [], disable: ['MutatingAdmissionWebhook'] });
  });

  describe('for classes', () => {
    const marked = (annotation: string, name: string, creationTimestamp: string) => ({
      metadata: { name, creationTimestamp, annotations: { [annotation]: 'true' } },
    });

    it('give a claim the newest default class, of equally old ones the first by name', async () => {
      const of = (name: string, time: string) => marked('storageclass.kubernetes.io/is-default-class', name, time);
      const storageclasses = [
        of('old', '2030-01-01T00:00:00Z'),
        of('b', '2030-01-02T00:00:00Z'),
        of('a', '2030-01-02T00:00:00Z'),
        { metadata: { name: 'other', creationTimestamp: '2030-01-03T00:00:00Z' } },
      ];
      const classOf = async (spec: object, world: Record<string, object[]> = { storageclasses }) =>
        (
          (await admit({ resource: 'persistentvolumeclaims', object: { metadata: { name: 'v', namespace: 'ns' }, spec }, world }))
            .object as PersistentVolumeClaim
        ).spec?.storageClassName;
      expect(await classOf({})).to.equal('a');
      expect(await classOf({ storageClassName: '' })).to.equal('');
      expect(await classOf({ storageClassName: 'old' })).to.equal('old');
      expect(await classOf({}, {})).to.equal(undefined);
    });

    it('give an ingress the default class, unless the old annotation names one', async () => {
      const world = { ingressclasses: [marked('ingressclass.kubernetes.io/is-default-class', 'nginx', '2030-01-01T00:00:00Z')] };
      const classOf = async (annotations?: Record<string, string>) =>
        (
          (
            await admit({
              group: 'networking.k8s.io',
              resource: 'ingresses',
              object: { metadata: { name: 'i', namespace: 'ns', annotations }, spec: {} },
              world,
            })
          ).object as Ingress
        ).spec?.ingressClassName;
      expect(await classOf()).to.equal('nginx');
      expect(await classOf({ 'kubernetes.io/ingress.class': 'mine' })).to.equal(undefined);
    });

    it('allow one default priority class', async () => {
      const world = { priorityclasses: [{ metadata: { name: 'first' }, globalDefault: true, value: 1 }] };
      const create = (name: string, globalDefault: boolean) =>
        refusal({
          group: 'scheduling.k8s.io',
          resource: 'priorityclasses',
          object: { metadata: { name }, globalDefault, value: 2 },
          world,
        });
      expect(await create('second', true)).to.contain('PriorityClass first is already marked as default. Only one default can exist');
      expect(await create('second', false)).to.equal('admitted');
      expect(await create('first', true)).to.equal('admitted');
    });
  });

  it('let claims grow that are bound and whose class allows it', async () => {
    const world = { storageclasses: [{ metadata: { name: 'yes' }, allowVolumeExpansion: true }, { metadata: { name: 'no' } }] };
    const claim = (storageClassName: string, storage: string, phase: string) => ({
      metadata: { name: 'v', namespace: 'ns' },
      spec: { storageClassName, resources: { requests: { storage } } },
      status: { phase },
    });
    const resize = (name: string, to: string, phase = 'Bound') =>
      refusal({ resource: 'persistentvolumeclaims', object: claim(name, to, phase), old: claim(name, '2Gi', phase), world });
    expect(await resize('yes', '3Gi')).to.equal('admitted');
    expect(await resize('no', '3Gi')).to.contain('only dynamically provisioned pvc can be resized');
    expect(await resize('', '3Gi')).to.contain('only dynamically provisioned pvc can be resized');
    expect(await resize('no', '1Gi')).to.equal('admitted');
    expect(await resize('yes', '3Gi', 'Pending')).to.contain('Only bound persistent volume claims can be expanded');
  });

  it('ask who approves and who signs for the right to the signer, or to all of its domain', async () => {
    const request = (status: object) => ({ metadata: { name: 'r' }, spec: { signerName: 'e.com/s' }, status });
    const update = (subresource: string, status: object, may: string[]) =>
      refusal({
        group: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        subresource,
        object: request(status),
        old: request({}),
        may,
      });
    const condition = { conditions: [{ type: 'Approved', status: 'True' }] };
    expect(await update('approval', condition, [])).to.contain('user not permitted to approve requests with signerName "e.com/s"');
    expect(await update('approval', condition, ['approve e.com/s'])).to.equal('admitted');
    expect(await update('approval', condition, ['approve e.com/*'])).to.equal('admitted');
    expect(await update('approval', condition, ['sign e.com/s'])).to.contain('not permitted');
    expect(await update('status', { certificate: 'x' }, [])).to.contain('user not permitted to sign requests');
    expect(await update('status', { certificate: 'x' }, ['sign e.com/s'])).to.equal('admitted');
    expect(await update('status', {}, [])).to.equal('admitted');
  });

  it('let nobody ask for a certificate of the group that may do everything', async () => {
    const ask = async (signerName: string, ...organizations: string[]) => {
      const { request } = await signingRequest({ commonName: 'jane', organizations });
      const spec = { signerName, request: Buffer.from(request).toString('base64'), usages: ['client auth'] };
      return refusal({ group: 'certificates.k8s.io', resource: 'certificatesigningrequests', object: { metadata: { name: 'r' }, spec } });
    };
    const client = 'kubernetes.io/kube-apiserver-client';
    expect(await ask(client, 'a', 'system:masters')).to.equal(
      `certificatesigningrequests.certificates.k8s.io "r" is forbidden: use of ${client} signer with system:masters group is not allowed`,
    );
    expect(await ask(client, 'a')).to.equal('admitted');
    expect(await ask('e.com/s', 'system:masters')).to.equal('admitted');
  });

  it('pull images always only where that was asked for', async () => {
    const object = {
      metadata: { name: 'p', namespace: 'ns' },
      spec: { containers: [{ name: 'c', image: 'x', imagePullPolicy: 'Never' }] },
    };
    const policy = async (enable: string[]) =>
      ((await admit({ resource: 'pods', object, enable })).object as Pod).spec.containers[0]?.imagePullPolicy;
    expect(await policy([])).to.equal('Never');
    expect(await policy(['AlwaysPullImages'])).to.equal('Always');
  });
});
