import { expect } from 'chai';
import { configmaps, leases, nodes, pods, secrets, services } from '../../src/api/meta/resources.gen.js';
import type { Node, Pod } from '../../src/api/types/core-v1.gen.js';
import { AGENT_ANNOTATION, type NodeHost, RUNTIME_ANNOTATION, simulatedRuntime } from '../../src/nodeagent/index.js';
import { World } from './world.js';

describe('node agents', () => {
  let world: World;
  let host: NodeHost;

  beforeEach(async () => {
    world = await World.start();
    host = await world.startNodes(['n1']);
  });
  afterEach(() => world.stop());

  const bound = { nodeName: 'n1' };
  const running = (name: string) =>
    world.eventually(async () => {
      const pod = await world.pod(name);
      expect(pod.status.phase, JSON.stringify(pod.status)).to.equal('Running');
      return pod;
    });
  const gone = (name: string) =>
    world.eventually(async () => {
      const { items } = await world.client.list<Pod>(pods, { namespace: 'default' });
      expect(items.map((p) => p.metadata.name)).not.to.include(name);
    });
  const node = (name = 'n1') => world.get<Node>(nodes, name);
  const annotate = (name: string, annotations: Record<string, string | null>) =>
    world.client.patch(nodes, { namespace: '', name }, { type: 'merge', body: { metadata: { annotations } } });
  const readyOf = (n: Node) => n.status?.conditions?.find((c) => c.type === 'Ready');

  const onNode = (name: string) => ({ namespace: 'default', name, node: 'n1' });
  async function logs(name: string, options: Parameters<NodeHost['logs']>[1] = {}): Promise<string> {
    const chunks: string[] = [];
    for await (const chunk of (await host.logs(onNode(name), options)) ?? []) chunks.push(String(chunk));
    return chunks.join('');
  }

  describe('the node', () => {
    it('registers with labels, capacity, addresses and healthy conditions', async () => {
      const { metadata, status, spec } = await node();
      expect(metadata.labels).to.include({ 'kubernetes.io/hostname': 'n1', 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' });
      expect(spec.podCIDR).to.equal('10.244.0.0/24');
      expect(status?.allocatable).to.include({ cpu: '8', pods: '110' });
      expect(status?.nodeInfo?.kubeletVersion).to.equal('v1.36.3');
      expect(status?.conditions?.map((c) => `${c.type}=${c.status} ${c.reason}`)).to.deep.equal([
        'MemoryPressure=False KubeletHasSufficientMemory',
        'DiskPressure=False KubeletHasNoDiskPressure',
        'PIDPressure=False KubeletHasSufficientPID',
        'Ready=True KubeletReady',
      ]);
    });

    it('renews its lease every ten seconds and its status every five minutes', async () => {
      const lease = () => world.client.get(leases, { namespace: 'kube-node-lease', name: 'n1' });
      const first = await lease();
      expect(first.spec).to.include({ holderIdentity: 'n1', leaseDurationSeconds: 40 });
      expect(first.metadata.ownerReferences?.[0]).to.include({ kind: 'Node', name: 'n1' });
      await world.advance(11_000);
      await world.eventually(async () => expect((await lease()).spec?.renewTime).not.to.equal(first.spec?.renewTime));
      const heartbeat = readyOf(await node())?.lastHeartbeatTime;
      await world.advance(330_000);
      await world.eventually(async () => expect(readyOf(await node())?.lastHeartbeatTime).not.to.equal(heartbeat));
    });

    it('stops like a machine without power, and comes back', async () => {
      await world.createPod('a', { spec: bound });
      await running('a');
      await annotate('n1', { [AGENT_ANNOTATION]: 'stopped' });
      await world.eventually(() => expect(host.nodes()).to.deep.equal([{ name: 'n1', runtime: 'simulated', running: false }]));
      const before = (await world.client.get(leases, { namespace: 'kube-node-lease', name: 'n1' })).spec?.renewTime;
      await world.createPod('b', { spec: bound });
      await world.client.delete(pods, { namespace: 'default', name: 'a' });
      await world.advance(60_000);
      await world.settle();
      expect((await world.client.get(leases, { namespace: 'kube-node-lease', name: 'n1' })).spec?.renewTime).to.equal(before);
      expect((await world.pod('b')).status.containerStatuses).to.equal(undefined);
      expect((await world.pod('a')).metadata.deletionTimestamp).to.match(/Z$/);
      await annotate('n1', { [AGENT_ANNOTATION]: null });
      await running('b');
      await gone('a');
    });

    it('says again that it is ready after others have declared it unreachable', async () => {
      const condition = { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' };
      await world.client.patch(
        nodes,
        { namespace: '', name: 'n1' },
        { type: 'strategic', body: { status: { conditions: [condition] } } },
        { subresource: 'status' },
      );
      await world.eventually(async () => expect(readyOf(await node())).to.include({ status: 'True', reason: 'KubeletReady' }));
    });

    it('is adopted when somebody creates a Node that names the runtime', async () => {
      await world.client.create<Node>(nodes, { metadata: { name: 'n2', annotations: { [RUNTIME_ANNOTATION]: 'simulated' } } });
      await world.eventually(async () => expect(readyOf(await node('n2'))).to.include({ status: 'True' }));
      const { spec, status } = await node('n2');
      expect(spec.podCIDR).to.equal('10.244.1.0/24');
      expect(status?.addresses?.[0]?.address).to.equal('172.18.0.3');
      await world.createPod('c', { spec: { nodeName: 'n2' } });
      expect((await running('c')).status.podIP).to.equal('10.244.1.2');
    });

    it('is left alone when its Node names no runtime of ours', async () => {
      await world.client.create<Node>(nodes, { metadata: { name: 'theirs' } });
      await world.advance(1_000);
      await world.settle();
      expect(host.nodes().map((n) => n.name)).to.deep.equal(['n1']);
    });

    it('goes with its Node object', async () => {
      await world.client.delete(nodes, { namespace: '', name: 'n1' });
      await world.eventually(() => expect(host.nodes()).to.deep.equal([]));
    });

    it('that was stopped stays so, whatever changes its object, and over a restart, until it is started', async () => {
      await host.stopNode('n1');
      expect(host.nodes()).to.deep.equal([{ name: 'n1', runtime: 'simulated', running: false }]);
      await annotate('n1', { note: 'changed' });
      await world.settle();
      expect(host.nodes()[0]?.running).to.equal(false);
      await host.stop();
      host = await world.startNodes(['n1'], undefined, world.newInformers());
      await annotate('n1', { note: 'changed again' });
      await world.settle();
      expect(host.nodes()[0]?.running).to.equal(false);
      await Promise.all([host.startNode('n1'), host.stopNode('n1'), host.startNode('n1')]);
      await world.createPod('a', { spec: bound });
      await running('a');
      expect((await node()).metadata.annotations).not.to.have.property(AGENT_ANNOTATION);
    });
  });

  describe('pods', () => {
    it('go on running over a restart of the process, with their address and containers', async () => {
      await world.createPod('a', { spec: bound });
      const before = await running('a');
      await host.stop();
      host = await world.startNodes(['n1'], undefined, world.newInformers());
      await world.createPod('b', { spec: bound });
      const other = await running('b');
      expect(other.status.podIP).not.to.equal(before.status.podIP);
      expect((await world.pod('a')).status).to.deep.equal(before.status);
    });

    it('are run, and taken over, by a runtime that could not be asked at first', async () => {
      const runtime = simulatedRuntime({ clock: world.clock, random: Math.random });
      const adopt = runtime.adopt.bind(runtime);
      let failures = 0;
      runtime.adopt = (pod, on) => (failures-- > 0 ? Promise.reject(new Error('no answer')) : adopt(pod, on));
      await world.startNodes(['n2'], runtime, world.newInformers());
      failures = 3;
      await world.createPod('a', { spec: { nodeName: 'n2' } });
      await world.eventually(async () => {
        await world.advance(1000);
        expect((await world.pod('a')).status.phase).to.equal('Running');
      });
      failures = 2;
      await world.createPod('b', { spec: { nodeName: 'n2' } });
      await world.client.delete(pods, { namespace: 'default', name: 'b' });
      await world.eventually(async () => {
        await world.advance(1000);
        await gone('b');
      });
    });

    it('tell what they do in events', async () => {
      await world.createPod('a', { spec: bound });
      await running('a');
      await world.client.delete(pods, { namespace: 'default', name: 'a' });
      await gone('a');
      await world.eventually(async () =>
        expect(await world.events('a')).to.deep.equal([
          'Normal Pulling: Pulling image "example.com/app:1"',
          'Normal Pulled: Successfully pulled image "example.com/app:1" in 0s (0s including waiting). Image size: 6067853 bytes.',
          'Normal Created: Container created',
          'Normal Started: Container started',
          'Normal Killing: Stopping container main',
        ]),
      );
    });

    it('run only once their postStart hook has ended', async () => {
      await world.createPod('a', { spec: bound, container: { lifecycle: { postStart: { sleep: { seconds: 30 } } } } });
      await world.eventually(async () => {
        const { phase, containerStatuses } = (await world.pod('a')).status;
        expect(phase).to.equal('Pending');
        expect(containerStatuses?.[0]).to.deep.include({
          ready: false,
          started: false,
          state: { waiting: { reason: 'ContainerCreating' } },
        });
      });
      await world.advance(20_000);
      await world.settle();
      expect((await world.pod('a')).status.phase).to.equal('Pending');
      await world.advance(11_000);
      expect((await running('a')).status.containerStatuses?.[0]).to.include({ ready: true, restartCount: 0 });
    });

    it('can be deleted while a postStart hook is under way', async () => {
      await world.createPod('a', {
        spec: { ...bound, terminationGracePeriodSeconds: 7_200 },
        container: { lifecycle: { postStart: { sleep: { seconds: 3_600 } } } },
      });
      await world.eventually(async () => expect(await world.events('a')).to.include('Normal Started: Container started'));
      await world.client.delete(pods, { namespace: 'default', name: 'a' });
      await gone('a');
    });

    it('say that an ephemeral container will not run', async () => {
      await world.createPod('a', { spec: bound });
      await running('a');
      const body = { spec: { ephemeralContainers: [{ name: 'debugger', image: 'x' }] } };
      const key = { namespace: 'default', name: 'a' };
      await world.client.patch(pods, key, { type: 'strategic', body }, { subresource: 'ephemeralcontainers' });
      await world.eventually(async () => {
        expect(await world.events('a')).to.include('Warning Failed: Error: kubemu does not run ephemeral containers');
        expect((await world.pod('a')).status.ephemeralContainerStatuses?.[0]).to.deep.include({
          name: 'debugger',
          state: { waiting: { reason: 'NotImplemented', message: 'kubemu does not run ephemeral containers' } },
        });
      });
      expect((await world.pod('a')).status.phase).to.equal('Running');
    });

    it('wait for what their volumes need', async () => {
      await world.createPod('a', {
        spec: { ...bound, volumes: [{ name: 'v', configMap: { name: 'late' } }] },
        container: { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
      });
      await world.eventually(async () =>
        expect(await world.events('a')).to.include(
          'Warning FailedMount: MountVolume.SetUp failed for volume "v" : configmap "late" not found',
        ),
      );
      expect((await world.pod('a')).status.containerStatuses?.[0]?.state?.waiting).to.deep.equal({ reason: 'ContainerCreating' });
      await world.client.create(configmaps, { metadata: { name: 'late', namespace: 'default' }, data: { key: 'value' } });
      await running('a');
    });

    it('wait for what their variables need', async () => {
      await world.createPod('a', {
        spec: bound,
        container: { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'late', key: 'x' } } }] },
      });
      const waiting = async () => (await world.pod('a')).status.containerStatuses?.[0]?.state?.waiting;
      await world.eventually(async () =>
        expect(await waiting()).to.deep.equal({ reason: 'CreateContainerConfigError', message: 'secret "late" not found' }),
      );
      await world.client.create(secrets, { metadata: { name: 'late', namespace: 'default' }, data: { y: '' } });
      await world.advance(11_000);
      await world.eventually(async () => expect(await waiting()).to.include({ message: "couldn't find key x in Secret default/late" }));
      await world.client.patch(secrets, { namespace: 'default', name: 'late' }, { type: 'merge', body: { data: { x: 'eA==' } } });
      await world.advance(11_000);
      await running('a');
    });

    it('are ready only when their readiness gates are', async () => {
      await world.createPod('a', { spec: { ...bound, readinessGates: [{ conditionType: 'example.com/lb' }] } });
      const ready = async () => (await world.pod('a')).status.conditions?.find((c) => c.type === 'Ready');
      await world.eventually(async () =>
        expect(await ready()).to.include({
          status: 'False',
          reason: 'ReadinessGatesNotReady',
          message: 'corresponding condition of pod readiness gate "example.com/lb" does not exist.',
        }),
      );
      const conditions = [{ type: 'example.com/lb', status: 'True' }];
      await world.client.patch(
        pods,
        { namespace: 'default', name: 'a' },
        { type: 'strategic', body: { status: { conditions } } },
        { subresource: 'status' },
      );
      await world.eventually(async () => {
        expect(await ready()).to.include({ status: 'True' });
        expect(await ready()).not.to.have.any.keys('reason', 'message');
      });
    });

    it('are killed at once when told so while they take their time to stop', async () => {
      await world.createPod('a', {
        spec: { ...bound, terminationGracePeriodSeconds: 3_600 },
        annotations: { 'kubemu.dev/stop-delay': '1h' },
      });
      await running('a');
      await world.client.delete(pods, { namespace: 'default', name: 'a' });
      await world.advance(5_000);
      await world.settle();
      expect((await world.pod('a')).status.containerStatuses?.[0]?.state).to.have.property('running');
      await world.client.delete(pods, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 1 });
      await world.advance(2_000);
      await gone('a');
    });

    it('free their address when they go', async () => {
      await host.addNode({ name: 'tiny', podCIDR: '10.9.0.0/29' });
      const names = ['a', 'b', 'c', 'd', 'e'];
      for (const name of names) await world.createPod(name, { spec: { nodeName: 'tiny' } });
      for (const name of names) await running(name);
      await world.createPod('f', { spec: { nodeName: 'tiny' } });
      await world.eventually(async () =>
        expect((await world.events('f')).join()).to.contain(
          'FailedCreatePodSandBox: Failed to create pod sandbox: no IP addresses available',
        ),
      );
      await world.client.delete(pods, { namespace: 'default', name: 'c' });
      await gone('c');
      await running('f');
    });

    it('get variables of the services of their namespace', async () => {
      const { environment } = await import('../../src/nodeagent/environment.js');
      const { Sources } = await import('../../src/nodeagent/sources.js');
      await world.client.create(services, {
        metadata: { name: 'my-db', namespace: 'default' },
        spec: { ports: [{ name: 'sql', port: 5432 }] },
      });
      const sources = new Sources(world.client, world.informers);
      await world.eventually(() => expect(sources.services('default')).to.have.length(1));
      const pod = await world.createPod('a', { container: { args: ['$(MY_DB_SERVICE_PORT) $(UNKNOWN) $$(X)'] } });
      const place = { hostIP: '1.2.3.4', podIP: '10.0.0.1', allocatable: {} };
      const { env, args } = await environment(pod, pod.spec.containers[0] as never, place, sources);
      const ip = sources.services('default')[0]?.spec?.clusterIP;
      expect(Object.fromEntries(env.map((e) => [e.name, e.value]))).to.include({
        MY_DB_SERVICE_HOST: ip,
        MY_DB_SERVICE_PORT: '5432',
        MY_DB_SERVICE_PORT_SQL: '5432',
        MY_DB_PORT: `tcp://${ip}:5432`,
        MY_DB_PORT_5432_TCP_ADDR: ip,
      });
      expect(args).to.deep.equal(['5432 $(UNKNOWN) $(X)']);
    });
  });

  describe('logs', () => {
    it('are whole, from the end, since a moment, and of the attempt before', async () => {
      await world.createPod('a', {
        spec: bound,
        annotations: { 'kubemu.dev/logs': 'hello', 'kubemu.dev/log-interval': '1s', 'kubemu.dev/fail-after': '3500ms' },
      });
      await running('a');
      await world.advance(2_200);
      expect(await logs('a')).to.equal('hello\ntick 1\ntick 2\n');
      expect(await logs('a', { tailLines: 1 })).to.equal('tick 2\n');
      expect(await logs('a', { sinceSeconds: 1 })).to.equal('tick 2\n');
      await world.advance(2_000);
      await world.eventually(async () => expect((await world.pod('a')).status.containerStatuses?.[0]?.restartCount).to.equal(1));
      expect(await logs('a', { previous: true })).to.equal('hello\ntick 1\ntick 2\ntick 3\nexited with code 1\n');
    });

    const refusal = async (name: string, options = {}) => {
      const error = await host.logs(onNode(name), options).catch((e: unknown) => e);
      return (error as Error).message;
    };

    it('are refused as by a kubelet where there are none', async () => {
      await world.createPod('a', { spec: bound, annotations: { 'kubemu.dev/pull-error': 'gone' } });
      await world.eventually(async () =>
        expect((await world.pod('a')).status.containerStatuses?.[0]?.state?.waiting?.reason).to.equal('ImagePullBackOff'),
      );
      expect(await refusal('a')).to.equal('container "main" in pod "a" is waiting to start: trying and failing to pull image');
      expect(await refusal('a', { previous: true })).to.equal('previous terminated container "main" in pod "a" not found');
      expect(await refusal('nobody')).to.equal('the server could not find the requested resource ( pods/log nobody)');
    });
  });
});
