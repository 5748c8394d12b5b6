import { expect } from 'chai';
import { validateResize } from '../../../../src/api/shared/pod/resize.js';
import { validateEphemeralUpdate, validatePod, validatePodUpdate } from '../../../../src/api/shared/pod/rules.js';
import type { Pod, PodSpec } from '../../../../src/api/types/core-v1.gen.js';
import { container, lines, makePod } from '../../../helpers/pods.js';

const SCOPE = { allowPrivileged: true };
const ONLY = 'spec: Forbidden: pod updates may not change fields other than ';

type Spec = Partial<PodSpec>;
const podOf = (spec: Spec): Pod => makePod({ spec });
const update = (old: Spec, next: Spec): string[] => lines(validatePodUpdate(podOf(next), podOf(old), SCOPE));
/** Messages without the differences they show. */
const heads = (messages: string[]): string[] => messages.map((m) => m.split('`')[0] as string);

describe('a new pod', () => {
  const create = (spec: Spec) => lines(validatePod(podOf(spec), SCOPE));
  it('is fine with its defaults', () => expect(create({})).to.deep.equal([]));
  it('has a container, each under its own name', () => {
    expect(create({ containers: [] })).to.deep.equal(['spec.containers: Required value']);
    expect(create({ containers: [container(), container()] })).to.deep.equal(['spec.containers[1].name: Duplicate value: "c"']);
    expect(create({ initContainers: [container()] })).to.deep.equal(['spec.initContainers[0].name: Duplicate value: "c"']);
  });
  it('has no ephemeral containers', () => {
    const ephemeralContainers = [{ name: 'debug', image: 'i', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' }] as const;
    expect(create({ ephemeralContainers: [...ephemeralContainers] })).to.deep.equal([
      'spec.ephemeralContainers: Forbidden: cannot be set on create',
    ]);
  });
  it('is not on a node while gates hold it back', () => {
    expect(create({ nodeName: 'n', schedulingGates: [{ name: 'example.com/g' }] })).to.deep.equal([
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ]);
  });
});

describe('a pod that changes', () => {
  it('may get other images', () => {
    expect(update({}, { containers: [container({ image: 'other:2' })] })).to.deep.equal([]);
    expect(update({}, { containers: [container({ image: ' other' })] })).to.include(
      'spec.containers[0].image: Invalid value: " other": must not have leading or trailing whitespace',
    );
  });
  it('keeps its containers', () => {
    expect(update({}, { containers: [container(), container({ name: 'd' })] })).to.deep.equal([
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ]);
  });
  it('keeps the rest of its spec, and shows what would change', () => {
    const [message] = update({}, { hostNetwork: true });
    expect(message).to.contain(ONLY).and.to.contain('\n-  "HostNetwork": false,\n+  "HostNetwork": true,\n');
  });
  it('may end earlier, not later', () => {
    expect(update({ activeDeadlineSeconds: 20 }, { activeDeadlineSeconds: 10 })).to.deep.equal([]);
    expect(update({}, { activeDeadlineSeconds: 10 })).to.deep.equal([]);
    expect(update({ activeDeadlineSeconds: 20 }, { activeDeadlineSeconds: 30 })).to.deep.equal([
      'spec.activeDeadlineSeconds: Invalid value: 30: must be less than or equal to previous value',
    ]);
    expect(update({ activeDeadlineSeconds: 20 }, {})).to.deep.equal([
      'spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value',
    ]);
  });
  it('may tolerate more, or for another time', () => {
    const noExecute = (tolerationSeconds: number) => ({ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds }) as const;
    expect(update({ tolerations: [noExecute(1)] }, { tolerations: [noExecute(2), { key: 'b', operator: 'Exists' }] })).to.deep.equal([]);
    expect(update({ tolerations: [noExecute(1)] }, { tolerations: [] })).to.deep.equal([
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ]);
  });
  it('loses gates and gets no new ones', () => {
    const gates = (...names: string[]) => ({ schedulingGates: names.map((name) => ({ name })) });
    expect(update(gates('a', 'b'), gates('b'))).to.deep.equal([]);
    expect(update(gates('a'), gates('b'))).to.deep.equal([
      `spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'`,
    ]);
  });
  it('may ask for fewer nodes while it is gated', () => {
    const schedulingGates = [{ name: 'a' }];
    const old = { schedulingGates, nodeSelector: { a: '1' } };
    expect(update(old, { schedulingGates, nodeSelector: { a: '1', b: '2' } })).to.deep.equal([]);
    expect(update(old, { schedulingGates, nodeSelector: { a: '2' } })).to.deep.equal([
      'spec.nodeSelector: Invalid value: {"a":"2"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ]);
    expect(heads(update({}, { nodeSelector: { b: '2' } })), 'not without gates').to.deep.equal([ONLY]);
  });
  it('may have a negative grace period mended', () => {
    expect(update({ terminationGracePeriodSeconds: -1 }, { terminationGracePeriodSeconds: 1 })).to.deep.equal([]);
    expect(heads(update({ terminationGracePeriodSeconds: 5 }, { terminationGracePeriodSeconds: 1 }))).to.deep.equal([ONLY]);
  });
});

describe('ephemeral containers', () => {
  const debug = (name: string, image = 'i') => ({ name, image });
  const change = (old: Spec, next: Spec) => lines(validateEphemeralUpdate(podOf(next), podOf(old), SCOPE));
  it('are added', () => {
    expect(change({}, { ephemeralContainers: [debug('a')] })).to.deep.equal([]);
  });
  it('do not change or go', () => {
    const old = { ephemeralContainers: [debug('a')] };
    expect(change(old, {})).to.deep.equal(['spec.ephemeralContainers: Forbidden: existing ephemeral containers "a" may not be removed\n']);
    expect(change(old, { ephemeralContainers: [debug('a', 'other')] })[0]).to.contain(
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "a" may not be changed\n@@',
    );
  });
  it('have nothing that a scheduler must know of, and name a container that is there', () => {
    const with80 = { ...debug('a'), ports: [{ containerPort: 80 }], targetContainerName: 'zz' };
    expect(change({}, { ephemeralContainers: [with80] })).to.deep.equal([
      'spec.ephemeralContainers[0].targetContainerName: Not found: "zz"',
      'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
    ]);
  });
});

describe('a pod that is resized', () => {
  const asking = (cpu: string, memory = '1Gi', image = 'i') => ({
    containers: [container({ image, resources: { requests: { cpu, memory }, limits: { cpu: '4', memory: '4Gi' } } })],
  });
  const resize = (old: Spec, next: Spec) => lines(validateResize(podOf(next), podOf(old), SCOPE));
  it('gets other requests and limits', () => expect(resize(asking('1'), asking('2', '2Gi'))).to.deep.equal([]));
  it('keeps its class', () => {
    expect(resize(asking('1'), asking('4', '4Gi'))).to.deep.equal([
      'spec: Invalid value: "": Pod QOS Class may not change as a result of resizing',
    ]);
  });
  it('keeps everything else', () => {
    expect(resize(asking('1'), asking('2', '1Gi', 'other'))).to.deep.equal(['spec: Forbidden: only cpu and memory resources are mutable']);
  });
  it('may not drop a request', () => {
    const next = { containers: [container({ image: 'i', resources: { requests: { cpu: '1' }, limits: { cpu: '4' } } })] };
    expect(resize(asking('1'), next)).to.deep.equal([
      'spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed',
      'spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed',
    ]);
  });
  it('keeps its containers in order', () => {
    expect(resize({}, { containers: [container({ name: 'x' })] })).to.deep.equal([
      'spec.containers[0].name: Forbidden: containers may not be renamed or reordered on resize',
    ]);
  });
});
