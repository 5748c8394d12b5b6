import { expect } from 'chai';
import { validatePod } from '../../../../src/api/shared/pod/rules.js';
import { podWarnings } from '../../../../src/api/shared/pod/warnings.js';
import type { Affinity, Container, PodSpec, Volume } from '../../../../src/api/types/core-v1.gen.js';
import { container, lines, makePod } from '../../../helpers/pods.js';

const check = (spec: Partial<PodSpec>): string[] => lines(validatePod(makePod({ spec }), { allowPrivileged: true }));
const checkContainer = (part: Partial<Container>, spec: Partial<PodSpec> = {}): string[] =>
  check({ ...spec, containers: [container(part)] }).map((m) => m.replace('spec.containers[0].', ''));
const checkVolume = (volume: Partial<Volume>): string[] =>
  check({ volumes: [{ name: 'v', ...volume }] }).map((m) => m.replace('spec.volumes[0]', 'v'));

describe('containers', () => {
  it('have ports with numbers and unique names', () => {
    const ports = [
      { containerPort: 80, name: 'http' },
      { containerPort: 70_000, name: 'http' },
    ];
    expect(checkContainer({ ports })).to.deep.equal([
      'ports[1].name: Duplicate value: "http"',
      'ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ]);
  });
  it('take a port of the host once', () => {
    const ports = [80, 81].map((containerPort) => ({ containerPort, hostPort: 8080 }));
    expect(checkContainer({ ports })).to.deep.equal(['ports[1].hostPort: Duplicate value: "TCP//8080"']);
  });
  it('have environment variables from one place', () => {
    const configMapKeyRef = { name: 'm', key: 'k' };
    expect(checkContainer({ env: [{ name: 'A', valueFrom: { configMapKeyRef } }] })).to.deep.equal([]);
    expect(checkContainer({ env: [{ name: 'A', value: 'x', valueFrom: { configMapKeyRef } }] })).to.deep.equal([
      'env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ]);
    expect(checkContainer({ env: [{ name: 'A=B', value: 'x' }] })).to.have.length(1);
  });
  it('mount volumes that are there, each at a path of its own', () => {
    const volumes = [{ name: 'v', emptyDir: {} }];
    const mount = (name: string, mountPath: string) => ({ name, mountPath });
    expect(checkContainer({ volumeMounts: [mount('v', '/a'), mount('v', '/b')] }, { volumes })).to.deep.equal([]);
    expect(checkContainer({ volumeMounts: [mount('x', '/a'), mount('v', '/a')] }, { volumes })).to.deep.equal([
      'volumeMounts[0].name: Not found: "x"',
      'volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
    ]);
  });
  it('request no more than their limit', () => {
    expect(checkContainer({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } })).to.deep.equal([
      'resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ]);
    expect(checkContainer({ resources: { limits: { 'hugepages-2Mi': '3Mi' } } }), 'what is limited is requested').to.deep.equal([
      'resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
      'resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
      'resources: Forbidden: HugePages require cpu or memory',
    ]);
  });
  it('are probed in one way', () => {
    expect(checkContainer({ livenessProbe: {} })).to.deep.equal(['livenessProbe: Required value: must specify a handler type']);
    const two = { exec: { command: ['x'] }, tcpSocket: { port: 80 } };
    expect(checkContainer({ readinessProbe: two })).to.deep.equal([
      'readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
    ]);
    expect(checkContainer({ startupProbe: { tcpSocket: { port: 80 }, successThreshold: 2 } })).to.deep.equal([
      'startupProbe.successThreshold: Invalid value: 2: must be 1',
    ]);
  });
  it('are not probed when they only prepare the pod, unless they stay', () => {
    const init = container({ name: 'i', readinessProbe: { tcpSocket: { port: 80 } } });
    expect(check({ initContainers: [init] })).to.deep.equal([
      'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    ]);
    expect(check({ initContainers: [{ ...init, restartPolicy: 'Always' }] })).to.deep.equal([]);
  });
});

describe('volumes', () => {
  it('have one source', () => {
    expect(checkVolume({}), 'an empty directory').to.deep.equal([]);
    expect(checkVolume({ emptyDir: {}, hostPath: { path: '/x' } })).to.deep.equal([
      'v.hostPath: Forbidden: may not specify more than 1 volume type',
    ]);
  });
  it('name what they show', () => {
    expect(checkVolume({ secret: {} })).to.deep.equal(['v.secret.secretName: Required value']);
    expect(checkVolume({ persistentVolumeClaim: { claimName: '' } })).to.deep.equal(['v.persistentVolumeClaim.claimName: Required value']);
    expect(checkVolume({ configMap: { name: 'm', items: [{ key: 'k', path: '../x' }] } })).to.deep.equal([
      `v.configMap.items[0].path: Invalid value: "../x": must not contain '..'`,
    ]);
  });
  it('are told apart by name', () => {
    const v = { name: 'v', emptyDir: {} };
    expect(check({ volumes: [v, v] })).to.deep.equal(['spec.volumes[1].name: Duplicate value: "v"']);
  });
});

describe('scheduling', () => {
  const required = (...nodeSelectorTerms: object[]): Affinity => ({
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
  });
  const at = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
  it('selects nodes by at least one term', () => {
    expect(check({ affinity: required() })).to.deep.equal([`${at}: Required value: must have at least one node selector term`]);
    expect(check({ affinity: required({ matchExpressions: [{ key: 'a', operator: 'In' }] }) })).to.deep.equal([
      `${at}[0].matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
    ]);
    expect(check({ affinity: required({ matchFields: [{ key: 'x', operator: 'In', values: ['n'] }] }) })).to.deep.equal([
      `${at}[0].matchFields[0].key: Invalid value: "x": not a valid field selector key`,
    ]);
  });
  it('tolerates taints in ways that make sense', () => {
    expect(check({ tolerations: [{ operator: 'Exists', value: 'x' }] })).to.deep.equal([
      `spec.tolerations[0].operator: Invalid value: "x": value must be empty when \`operator\` is 'Exists'`,
    ]);
    expect(check({ tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 1 }] })).to.deep.equal([
      `spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be 'NoExecute' when \`tolerationSeconds\` is set`,
    ]);
  });
  it('spreads pods by a topology once', () => {
    const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} } as const;
    expect(check({ topologySpreadConstraints: [{ ...constraint, maxSkew: 0 }] })).to.deep.equal([
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
    ]);
    expect(check({ topologySpreadConstraints: [constraint, constraint] })).to.deep.equal([
      'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"',
    ]);
  });
});

describe('warnings about pods', () => {
  const warn = (spec: Partial<PodSpec>) => podWarnings(makePod({ spec }));
  it('are not given without need', () => expect(warn({})).to.deep.equal([]));
  it('name labels and volumes that are out of date', () => {
    expect(warn({ nodeSelector: { 'beta.kubernetes.io/os': 'linux' } })).to.deep.equal([
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    ]);
    expect(warn({ volumes: [{ name: 'v', gitRepo: { repository: 'r' } }] })).to.deep.equal([
      'spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+',
    ]);
  });
  it('name what is said twice, or in fractions of a byte', () => {
    const env = [
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
    ];
    expect(warn({ containers: [container({ env })] })).to.deep.equal([
      'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    ]);
    expect(warn({ containers: [container({ resources: { requests: { memory: '100m' } } })] })).to.deep.equal([
      'spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer',
    ]);
  });
});
