import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type Docker from 'dockerode';
import { configmaps, pods, secrets } from '../../src/api/meta/resources.gen.js';
import { dockerRuntime } from '../../src/nodeagent/docker.js';
import { removeLeftovers } from '../../src/nodeagent/docker-leftovers.js';
import type { NodeHost, Runtime } from '../../src/nodeagent/index.js';
import { systemClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/log.js';
import { needDocker, shell, TEST_IMAGE } from './docker-image.js';
import { startRegistry } from './registry.js';
import { World } from './world.js';

/** Docker takes its time on a busy machine. */
const PATIENCE = 20_000;

describe('pods on a Docker node', function () {
  this.timeout(90_000);
  let docker: Docker;
  let world: World;
  let runtime: Runtime;
  let host: NodeHost;
  let dataDir: string;
  const clusterId = `pods${process.pid}`;

  before(async function () {
    docker = await needDocker(this);
    dataDir = await mkdtemp(join(tmpdir(), 'kubemu-pods-'));
    world = await World.start({ clock: systemClock });
    await start();
  });
  after(async () => {
    await world?.stop();
    if (docker && dataDir) await removeLeftovers(clusterId, dataDir, docker);
    if (dataDir) await rm(dataDir, { recursive: true });
  });

  async function start(): Promise<void> {
    runtime = await dockerRuntime({ docker, clusterId, dataDir, clock: systemClock, logger: silentLogger });
    host = await world.startNodes(['n1'], runtime, world.newInformers());
  }

  const ready = (name: string, restarts = 0) =>
    world.eventually(async () => {
      const pod = await world.pod(name);
      expect(pod.status.containerStatuses?.[0], (await world.events(name)).join('\n')).to.include({ ready: true, restartCount: restarts });
      return pod;
    }, PATIENCE);

  const gone = (name: string) =>
    world.eventually(async () => {
      const left = await world.client.list(pods, { namespace: 'default' });
      expect(left.items.map((p) => p.metadata.name)).not.to.include(name);
    }, PATIENCE);

  async function logs(name: string, previous = false): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of (await host.logs({ namespace: 'default', name, node: 'n1' }, { previous })) ?? [])
      chunks.push(Buffer.from(chunk as Buffer));
    return Buffer.concat(chunks).toString();
  }

  it('serves files from volumes, with variables from everywhere', async () => {
    await world.client.create(configmaps, {
      metadata: { name: 'page', namespace: 'default' },
      data: { 'index.html': 'it works', greeting: 'hello' },
    });
    await world.client.create(secrets, {
      metadata: { name: 'key', namespace: 'default' },
      data: { password: Buffer.from('s3cret').toString('base64') },
    });
    await world.createPod('web', {
      spec: { nodeName: 'n1', terminationGracePeriodSeconds: 1, volumes: [{ name: 'page', configMap: { name: 'page' } }] },
      container: {
        image: TEST_IMAGE,
        command: shell('echo "$GREETING $PASSWORD $NAME"; exec /bin/busybox httpd -f -p 8080 -h /www'),
        env: [
          { name: 'GREETING', valueFrom: { configMapKeyRef: { name: 'page', key: 'greeting' } } },
          { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'key', key: 'password' } } },
          { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
        ports: [{ name: 'http', containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/index.html', port: 'http' }, periodSeconds: 1 },
        volumeMounts: [{ name: 'page', mountPath: '/www', readOnly: true }],
      },
    });
    const pod = await ready('web');
    const answer = await fetch(`http://${pod.status.podIP}:8080/index.html`);
    expect(await answer.text()).to.equal('it works');
    expect(await logs('web')).to.equal('hello s3cret web\n');
  });

  it('brings a changed ConfigMap into the running pod', async () => {
    const pod = await world.pod('web');
    await world.client.patch(
      configmaps,
      { namespace: 'default', name: 'page' },
      { type: 'merge', body: { data: { 'index.html': 'new' } } },
    );
    await world.eventually(async () => {
      const answer = await fetch(`http://${pod.status.podIP}:8080/index.html`);
      expect(await answer.text()).to.equal('new');
    }, PATIENCE);
  });

  it('takes over what runs when the agent is started anew', async () => {
    const before = (await world.pod('web')).status.containerStatuses?.[0]?.containerID;
    await host.stop();
    await start();
    await world.eventually(async () => expect(await logs('web')).to.contain('hello'), PATIENCE);
    const after = (await ready('web')).status.containerStatuses?.[0];
    expect(after).to.include({ containerID: before, restartCount: 0 });
  });

  it('starts a killed container again and keeps its log', async () => {
    const [running] = await docker.listContainers({
      filters: { label: ['kubemu.dev/container=main', 'kubemu.dev/pod-name=web', `kubemu.dev/cluster=${clusterId}`] },
    });
    await docker.getContainer(running?.Id ?? '').kill();
    const pod = await ready('web', 1);
    expect(pod.status.containerStatuses?.[0]?.lastState?.terminated).to.include({ exitCode: 137, reason: 'Error' });
    expect(await logs('web', true)).to.equal('hello s3cret web\n');
  });

  it('gives a pod whose sandbox has died another one, with its containers', async () => {
    const kill = async (name: string) => {
      const label = ['kubemu.dev/type=sandbox', `kubemu.dev/pod-name=${name}`, `kubemu.dev/cluster=${clusterId}`];
      const [found] = await docker.listContainers({ filters: { label } });
      await docker.getContainer(found?.Id ?? '').kill();
    };
    for (const name of ['watched', 'unwatched'])
      await world.createPod(name, {
        spec: { nodeName: 'n1', terminationGracePeriodSeconds: 1 },
        container: {
          image: TEST_IMAGE,
          command: ['/bin/busybox', 'httpd', '-f', '-p', '8080', '-h', '/bin'],
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
        },
      });
    await ready('watched');
    await ready('unwatched');
    await kill('watched');
    const { podIP } = (await ready('watched', 1)).status;
    expect((await fetch(`http://${podIP}:8080/busybox`, { method: 'HEAD' })).status).to.equal(200);
    await host.stop();
    await kill('unwatched');
    await start();
    await ready('unwatched', 1);
    for (const name of ['watched', 'unwatched'])
      expect(await world.events(name)).to.include('Normal SandboxChanged: Pod sandbox changed, it will be killed and re-created.');
  });

  it('kills a container whose liveness probe fails', async () => {
    const livenessProbe = { exec: { command: shell('echo sick; exit 1') }, periodSeconds: 1, failureThreshold: 1 };
    await world.createPod('sick', {
      spec: { nodeName: 'n1', terminationGracePeriodSeconds: 1 },
      container: { image: TEST_IMAGE, command: ['/bin/busybox', 'sleep', '1000'], livenessProbe },
    });
    await world.eventually(async () => {
      const found = await world.events('sick');
      expect(found).to.include('Warning Unhealthy: Liveness probe failed: sick\n');
      expect(found).to.include('Normal Killing: Container main failed liveness probe, will be restarted');
      expect((await world.pod('sick')).status.containerStatuses?.[0]?.restartCount).to.be.at.least(1);
    }, PATIENCE);
  });

  it('shows the termination message of a container that failed', async () => {
    await world.createPod('failed', {
      spec: { nodeName: 'n1', restartPolicy: 'Never' },
      container: { image: TEST_IMAGE, command: shell('echo why > /dev/termination-log; exit 3') },
    });
    await world.eventually(async () => {
      const { phase, containerStatuses } = (await world.pod('failed')).status;
      expect(phase).to.equal('Failed');
      expect(containerStatuses?.[0]?.state?.terminated).to.include({ exitCode: 3, reason: 'Error', message: 'why\n' });
    }, PATIENCE);
  });

  it('runs postStart hooks, and starts a container again whose hook fails', async () => {
    const hooked = (name: string, script: string) =>
      world.createPod(name, {
        spec: { nodeName: 'n1', terminationGracePeriodSeconds: 1 },
        container: {
          image: TEST_IMAGE,
          command: ['/bin/busybox', 'sleep', '1000'],
          lifecycle: { postStart: { exec: { command: shell(script) } } },
        },
      });
    await hooked('greeted', '/bin/busybox sleep 1; echo hello > /proc/1/fd/1');
    await hooked('unwelcome', 'echo secret; exit 3');
    await ready('greeted');
    expect(await logs('greeted')).to.equal('hello\n');
    const expected =
      /^Exec lifecycle hook .* for Container "main" in Pod "unwelcome_default\(.+\)" failed - error: command exited with 3, message: "secret\\n"$/;
    const messages = new Set<string>();
    let shownRunning = false;
    await world.eventually(async () => {
      const { state, lastState, restartCount } = (await world.pod('unwelcome')).status.containerStatuses?.[0] ?? {};
      if (state?.waiting?.reason === 'PostStartHookError') messages.add(state.waiting.message ?? '');
      shownRunning ||= state?.running !== undefined;
      expect(restartCount).to.be.at.least(1);
      expect(lastState?.terminated?.exitCode).to.equal(137);
    }, PATIENCE);
    const found = await world.events('unwelcome');
    expect(found).to.include('Warning FailedPostStartHook: PostStartHook failed');
    expect(found).to.include('Normal Killing: FailedPostStartHook');
    for (const message of messages) expect(message).to.match(expected);
    expect(shownRunning, 'shown as running').to.equal(false);
  });

  it('pulls an image as the user whom a secret of the pod names', async () => {
    const { Arch } = await docker.version();
    const registry = await startRegistry('baker:flour', Arch);
    try {
      const config = (login: string) => JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from(login).toString('base64') } } });
      for (const [name, login] of Object.entries({ right: 'baker:flour', wrong: 'baker:sand' }))
        await world.client.create(secrets, {
          metadata: { name, namespace: 'default' },
          type: 'kubernetes.io/dockerconfigjson',
          data: { '.dockerconfigjson': Buffer.from(config(login)).toString('base64') },
        });
      const pulling = (name: string, ...keys: string[]) =>
        world.createPod(name, {
          spec: { nodeName: 'n1', terminationGracePeriodSeconds: 1, imagePullSecrets: keys.map((key) => ({ name: key })) },
          container: { image: registry.image },
        });
      await pulling('stranger', 'wrong', 'missing');
      await world.eventually(async () => {
        const found = (await world.events('stranger')).join('\n');
        expect(found).to.contain('FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (missing);');
        expect(found).to.match(/Warning Failed: Failed to pull image .*no basic auth credentials|unauthorized/);
      }, PATIENCE);
      await pulling('baker', 'wrong', 'right');
      await ready('baker');
    } finally {
      await registry.close();
      for (const name of ['stranger', 'baker']) await world.client.delete(pods, { namespace: 'default', name });
      for (const name of ['stranger', 'baker']) await gone(name);
      await docker.getImage(registry.image).remove();
    }
  });

  it('knows in a later life of containers that could not be started', async () => {
    await world.createPod('broken', { spec: { nodeName: 'n1' }, container: { image: TEST_IMAGE, command: ['/nothing'] } });
    const pod = await world.eventually(async () => {
      const found = await world.pod('broken');
      expect(found.status.containerStatuses?.[0]?.state?.waiting?.reason).to.equal('CrashLoopBackOff');
      return found;
    }, PATIENCE);
    const later = await dockerRuntime({ docker, clusterId, dataDir, clock: systemClock, logger: silentLogger });
    try {
      const found = await later.adopt(pod, { name: 'n1', ip: '', podCIDR: '' });
      const attempts = [...(found?.containers ?? [])].sort((a, b) => a.attempt - b.attempt);
      expect(attempts.map(({ attempt, state, exitCode, reason }) => ({ attempt, state, exitCode, reason }))).to.deep.equal([
        { attempt: 0, state: 'exited', exitCode: 128, reason: 'StartError' },
        { attempt: 1, state: 'exited', exitCode: 128, reason: 'StartError' },
      ]);
      expect(attempts[1]?.message).to.contain('/nothing');
    } finally {
      await later.close();
    }
  });

  it('gives volumes to the group of the pod', async () => {
    await world.createPod('group', {
      spec: {
        nodeName: 'n1',
        restartPolicy: 'Never',
        securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000 },
        volumes: [{ name: 'data', emptyDir: {} }],
      },
      container: {
        image: TEST_IMAGE,
        command: shell(': > /data/file; /bin/busybox stat -c %u:%g /data/file'),
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    });
    await world.eventually(async () => expect((await world.pod('group')).status.phase).to.equal('Succeeded'), PATIENCE);
    // only root can give directories away
    expect(await logs('group')).to.equal(`1000:${process.getuid?.() === 0 ? 2000 : 3000}\n`);
  });

  it('refuses to run as root what must not', async () => {
    await world.createPod('root', { spec: { nodeName: 'n1' }, container: { image: TEST_IMAGE, securityContext: { runAsNonRoot: true } } });
    await world.eventually(async () => {
      const waiting = (await world.pod('root')).status.containerStatuses?.[0]?.state?.waiting;
      expect(waiting).to.deep.equal({
        reason: 'CreateContainerConfigError',
        message: 'container has runAsNonRoot and image will run as root',
      });
    }, PATIENCE);
  });

  it('leaves nothing of deleted pods', async () => {
    const { items } = await world.client.list(pods, { namespace: 'default' });
    const names = items.map((pod) => pod.metadata.name);
    expect(names).to.include.members(['web', 'failed', 'unwelcome', 'broken']);
    for (const name of names) await world.client.delete(pods, { namespace: 'default', name });
    for (const name of names) await gone(name);
    const left = await docker.listContainers({ all: true, filters: { label: [`kubemu.dev/cluster=${clusterId}`] } });
    expect(left.map((c) => c.Names)).to.deep.equal([]);
    expect(await readdir(join(dataDir, 'pods'))).to.deep.equal([]);
  });
});
