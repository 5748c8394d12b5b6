import { expect } from 'chai';
import type { PodSecurityObserver } from '../../src/admission/pod-security/observer.js';
import { admit, configured, refusal, type Write } from './helpers.js';

const LABEL = 'pod-security.kubernetes.io/';
const labels = (modes: Record<string, string>) => Object.fromEntries(Object.entries(modes).map(([mode, level]) => [LABEL + mode, level]));
const namespace = (modes: Record<string, string>) => ({ metadata: { name: 'ns', labels: labels(modes) }, status: {} });
const pod = (spec: object = {}, container: object = {}) => ({
  metadata: { name: 'p', namespace: 'ns' },
  spec: { containers: [{ name: 'c', image: 'x', ...container }], ...spec },
});
const GOOD = pod(
  { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } },
  { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
);

/** What the standard says about a pod; "admitted": nothing. */
async function verdict(modes: Record<string, string>, object: object): Promise<string> {
  const message = await refusal({ resource: 'pods', object, world: { namespaces: [namespace(modes)] } });
  return message.replace(/^pods "p" is forbidden: violates PodSecurity /, '');
}

describe('PodSecurity', () => {
  const BASELINE: readonly [string, object, string][] = [
    ['the namespaces of the node', pod({ hostPID: true, hostIPC: true }), 'host namespaces (hostPID=true, hostIPC=true)'],
    ['its directories', pod({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }), 'hostPath volumes (volume "v")'],
    [
      'its ports',
      pod(
        {},
        {
          ports: [
            { containerPort: 1, hostPort: 80 },
            { containerPort: 2, hostPort: 9 },
          ],
        },
      ),
      'hostPort (container "c" uses hostPorts 80, 9)',
    ],
    [
      'privileges',
      pod({}, { securityContext: { privileged: true } }),
      'privileged (container "c" must not set securityContext.privileged=true)',
    ],
    [
      'capabilities',
      pod({}, { securityContext: { capabilities: { add: ['SYS_TIME', 'CHOWN', 'NET_ADMIN'] } } }),
      'non-default capabilities (container "c" must not include "NET_ADMIN", "SYS_TIME" in securityContext.capabilities.add)',
    ],
    ['sysctls', pod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }), 'forbidden sysctls (kernel.msgmax)'],
    [
      'a process of a Windows node',
      pod({ securityContext: { windowsOptions: { hostProcess: true } } }),
      'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
    ],
    [
      'a profile of AppArmor that confines nothing',
      { ...pod(), metadata: { ...pod().metadata, annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' } } },
      'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c="unconfined"")',
    ],
  ];
  for (const [what, object, finding] of BASELINE)
    it(`baseline forbids ${what}`, async () => {
      expect(await verdict({ enforce: 'baseline' }, object)).to.equal(`"baseline:latest": ${finding}`);
      expect(await verdict({}, object)).to.equal('admitted');
    });

  it('restricted asks for a container without any privilege', async () => {
    expect(await verdict({ enforce: 'restricted' }, GOOD)).to.equal('admitted');
    const found = await verdict({ enforce: 'restricted' }, pod());
    for (const reason of ['allowPrivilegeEscalation != false', 'unrestricted capabilities', 'runAsNonRoot != true', 'seccompProfile'])
      expect(found).to.contain(reason);
    expect(await verdict({ enforce: 'baseline' }, pod())).to.equal('admitted');
  });

  it('has had other rules in other versions', async () => {
    const probing = pod({}, { livenessProbe: { httpGet: { host: '10.0.0.1', port: 80 } } });
    expect(await verdict({ enforce: 'baseline', 'enforce-version': 'v1.33' }, probing)).to.equal('admitted');
    expect(await verdict({ enforce: 'baseline', 'enforce-version': 'v1.34' }, probing)).to.contain('probe or lifecycle host');
    expect(await verdict({ enforce: 'baseline', 'enforce-version': 'v1.99' }, probing)).to.contain('"baseline:v1.99": probe');
    const reserved = pod({ securityContext: { sysctls: [{ name: 'net.ipv4.ip_local_reserved_ports', value: '1' }] } });
    expect(await verdict({ enforce: 'baseline', 'enforce-version': 'v1.26' }, reserved)).to.contain('forbidden sysctls');
    expect(await verdict({ enforce: 'baseline' }, reserved)).to.equal('admitted');
    const root = {
      ...GOOD,
      spec: { ...GOOD.spec, hostUsers: false, securityContext: { ...GOOD.spec, runAsUser: 0, seccompProfile: { type: 'Localhost' } } },
    };
    expect(await verdict({ enforce: 'restricted' }, root)).to.equal('admitted');
    expect(await verdict({ enforce: 'restricted', 'enforce-version': 'v1.34' }, root)).to.contain('runAsUser=0');
  });

  it('warns without refusing, of controllers also where only enforcement is asked for', async () => {
    const world = (modes: Record<string, string>) => ({ namespaces: [namespace(modes)] });
    const { warnings } = await admit({ resource: 'pods', object: pod({ hostPID: true }), world: world({ warn: 'baseline' }) });
    expect(warnings).to.deep.equal(['would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)']);
    const job = { metadata: { name: 'j' }, spec: { jobTemplate: { spec: { template: pod({ hostIPC: true }) } } } };
    const of = async (modes: Record<string, string>) =>
      (await admit({ group: 'batch', resource: 'cronjobs', object: job, world: world(modes) })).warnings;
    expect(await of({ enforce: 'baseline' })).to.deep.equal([
      'would violate PodSecurity "baseline:latest": host namespaces (hostIPC=true)',
    ]);
    expect(await of({ enforce: 'baseline', warn: 'privileged' })).to.deep.equal([]);
  });

  it('looks at a pod again only when its images change', async () => {
    const world = { namespaces: [namespace({ enforce: 'baseline' })] };
    const old = pod({ hostPID: true });
    const change = (image: string) => refusal({ resource: 'pods', object: pod({ hostPID: true }, { image }), old, world });
    expect(await change('x')).to.equal('admitted');
    expect(await change('y')).to.contain('host namespaces');
  });

  describe('for the labels of a namespace', () => {
    const update = (from: Record<string, string>, to: Record<string, string>, pods: object[] = []) =>
      admit({ resource: 'namespaces', object: namespace(to), old: namespace(from), world: { pods } });

    it('refuses what it does not know, unless it was there before', async () => {
      const wrong = { enforce: 'strict', 'warn-version': '1.2' };
      const message = await refusal({ resource: 'namespaces', object: namespace(wrong) });
      expect(message).to.contain(
        `metadata.labels[${LABEL}enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted`,
      );
      expect(message).to.contain(`metadata.labels[${LABEL}warn-version]: Invalid value: "1.2": must be "latest" or "v1.x"`);
      expect((await update(wrong, wrong)).warnings).to.deep.equal([]);
    });

    it('tells of the pods that a stricter standard would refuse, alike ones together', async () => {
      const named = (name: string, spec: object) => ({ ...pod(spec), metadata: { name, namespace: 'ns' } });
      const pods = [named('b', { hostPID: true }), named('a', { hostPID: true }), named('fine', {})];
      expect((await update({}, { enforce: 'baseline' }, pods)).warnings).to.deep.equal([
        'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
        'a (and 1 other pod): host namespaces',
      ]);
      expect((await update({ enforce: 'restricted' }, { enforce: 'baseline' }, pods)).warnings).to.deep.equal([]);
    });
  });

  describe('that is told defaults and exemptions', () => {
    const configuration = {
      PodSecurity: {
        apiVersion: 'pod-security.admission.config.k8s.io/v1',
        kind: 'PodSecurityConfiguration',
        defaults: { enforce: 'baseline', 'enforce-version': 'v1.20', warn: 'restricted' },
        exemptions: { usernames: ['kim'], namespaces: ['free'], runtimeClasses: ['vm'] },
      },
    };
    const world = {
      namespaces: [{ metadata: { name: 'free' }, status: {} }, namespace({})],
      runtimeclasses: [{ metadata: { name: 'vm' } }],
    };
    const write = { resource: 'pods', object: pod({ hostPID: true }), world, configuration };
    const cronjob = (spec: object) => ({
      group: 'batch',
      resource: 'cronjobs',
      object: { metadata: { name: 'j' }, spec: { jobTemplate: { spec: { template: pod(spec) } } } },
    });

    it('takes the defaults for what labels do not say', async () => {
      expect(await refusal(write)).to.equal('pods "p" is forbidden: violates PodSecurity "baseline:v1.20": host namespaces (hostPID=true)');
      const labelled = (modes: Record<string, string>) => ({ ...world, namespaces: [namespace(modes)] });
      expect(await refusal({ ...write, world: labelled({ 'enforce-version': 'v1.33' }) })).to.contain('"baseline:v1.33"');
      const { warnings } = await admit({ ...write, world: labelled({ enforce: 'privileged' }) });
      expect(warnings[0]).to.match(/^would violate PodSecurity "restricted:latest": host namespaces \(hostPID=true\), /);
      expect((await admit({ ...write, ...cronjob({ hostPID: true }) })).warnings[0]).to.contain('"restricted:latest"');
    });

    it('lets exempt users, namespaces and runtime classes do everything', async () => {
      expect((await admit({ ...write, username: 'kim' })).warnings).to.deep.equal([]);
      expect((await admit({ ...write, namespace: 'free' })).warnings).to.deep.equal([]);
      const within = { hostPID: true, runtimeClassName: 'vm' };
      expect((await admit({ ...write, object: pod(within) })).warnings).to.deep.equal([]);
      expect((await admit({ ...write, ...cronjob(within) })).warnings).to.deep.equal([]);
    });

    it('tells who labels an exempt namespace that it is in vain', async () => {
      const warnings = async (modes: Record<string, string>, name = 'free') =>
        (await admit({ ...write, resource: 'namespaces', object: { metadata: { name, labels: labels(modes) } } })).warnings;
      expect(await warnings({ enforce: 'restricted', 'warn-version': 'v1.30' })).to.deep.equal([
        'namespace "free" is exempt from Pod Security, and the policy (enforce=restricted:v1.20, warn=restricted:v1.30) will be ignored',
      ]);
      expect(await warnings({ enforce: 'restricted' }, 'other')).to.deep.equal([]);
      expect(await warnings({ enforce: 'baseline' })).to.deep.equal([]);
      expect(await warnings({ enforce: 'privileged', warn: 'privileged' })).to.deep.equal([]);
    });
  });

  it('tells an observer what it decides', async () => {
    const told: string[] = [];
    const observer: PodSecurityObserver = {
      evaluated: (decision, mode, { level, version }, { resource }) => told.push(`${decision} ${mode} ${level}:${version} ${resource}`),
      exempted: ({ operation, resource }) => told.push(`exempt ${operation} ${resource}`),
      misled: ({ resource }) => told.push(`misled ${resource}`),
    };
    const configuration = {
      apiVersion: 'pod-security.admission.config.k8s.io/v1',
      kind: 'PodSecurityConfiguration',
      exemptions: { usernames: ['kim'] },
    };
    const admission = await configured([], { PodSecurity: configuration }, { podSecurity: observer });
    const of = async (modes: Record<string, string>, more: Partial<Write> = {}) => {
      told.length = 0;
      await refusal({ resource: 'pods', object: pod({ hostPID: true }), admission, world: { namespaces: [namespace(modes)] }, ...more });
      return told.join(', ');
    };
    expect(await of({})).to.equal('allow enforce privileged:latest pod');
    expect(await of({ audit: 'baseline', warn: 'baseline' })).to.equal(
      'allow enforce privileged:latest pod, deny audit baseline:latest pod, deny warn baseline:latest pod',
    );
    expect(await of({ enforce: 'baseline', audit: 'restricted', 'audit-version': 'v1.30' })).to.equal(
      'deny enforce baseline:latest pod, deny audit restricted:v1.30 pod',
    );
    expect(await of({ enforce: 'strict' }, { object: GOOD })).to.equal('misled pod, allow enforce restricted:latest pod');
    expect(await of({ enforce: 'baseline' }, { old: pod({ hostPID: true }) })).to.equal('');
    expect(await of({ enforce: 'baseline' }, { username: 'kim', old: pod() })).to.equal('exempt update pod');
    const deployment = {
      group: 'apps',
      resource: 'deployments',
      object: { metadata: { name: 'd' }, spec: { template: pod({ hostPID: true }) } },
    };
    expect(await of({ enforce: 'baseline' }, deployment)).to.equal('deny warn baseline:latest controller');
    expect(await of({}, deployment)).to.equal('');
  });
});
