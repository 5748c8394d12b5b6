// The main job on real containers, with the newest kubectl: a program of its own as a user starts it, images made from nothing, an
// application applied, rolled, broken, repaired, killed, scaled and deleted; the program killed and started again.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type Docker from 'dockerode';
import type { ContainerStatus, Pod } from '../../src/api/types/core-v1.gen.js';
import { eventually } from '../helpers/cluster.js';
import { buildImage, needDocker } from '../nodeagent/docker-image.js';
import { Kubemu, kubemu } from '../restart/process.js';
import { findKubectls, Kubectl, rows } from './kubectl.js';
import { manifest } from './manifests.js';

const NAMESPACE = 'bakery-1';
const IMAGE = 'kubemu-test/bakery';
const PATIENCE = 30_000;

/** What every version of the application does; the version called broken never becomes ready. */
const SCRIPT = [
  'b=/bin/busybox',
  `trap 'echo told to stop; $b sleep 1; echo has stopped; exit 0' TERM`,
  'echo "version $VERSION speaks $LANGUAGE and knows $PASSWORD, $($b cat /etc/key/password)"',
  '$b cp /etc/bakery/index.html /srv/',
  '[ "$VERSION" = broken ] || : > /srv/ready',
  '$b httpd -f -p 8080 -h /srv & wait',
].join('; ');

/** Stays until it is killed. */
const DEAF = `apiVersion: v1
kind: Pod
metadata: { name: deaf }
spec:
  terminationGracePeriodSeconds: 3
  containers: [{ name: main, image: '${IMAGE}:1.0', command: [/bin/busybox, sh, -c, "trap : TERM; while :; do /bin/busybox sleep 1; done"] }]
`;

const isReady = (pod: Pod) => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
const oven = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0] as ContainerStatus;
const dockerId = (pod: Pod | undefined) => oven(pod).containerID?.replace('docker://', '') ?? '';
/** What must stay as it is while a container runs on: its pod, itself, how often it was restarted. */
const identity = (pod: Pod) => `${pod.metadata.name} ${oven(pod).containerID} ${oven(pod).restartCount}`;

describe('an application of real containers in the hands of stock kubectl', function () {
  this.timeout(60_000);
  const program = findKubectls().at(-1);
  if (!program) {
    it.skip('needs a kubectl on the PATH');
    return;
  }
  let docker: Docker;
  let dataDir: string;
  let server: Kubemu | undefined;
  let kubectl: Kubectl;

  const start = async () => {
    server = await Kubemu.start(dataDir, ['up', '--secure-port', '0', '--runtime', 'docker']);
    return server;
  };
  const allPods = async () => (await kubectl.json<{ items: Pod[] }>('get pods -l app=bakery')).items;
  const pods = async () => (await allPods()).filter((pod) => !pod.metadata.deletionTimestamp);
  const readyPods = (count: number) =>
    eventually(
      `${count} ready pods and no others`,
      async () => {
        const found = await allPods();
        return found.length === count && found.every(isReady) && found;
      },
      PATIENCE,
    );
  const ours = () => docker.listContainers({ all: true, filters: { label: [`kubemu.dev/pod-namespace=${NAMESPACE}`] } });

  before(async function () {
    docker = await needDocker(this);
    await buildImage(docker, `${IMAGE}:1.0`, imageOf('1.0'));
    await buildImage(docker, `${IMAGE}:2.0`, imageOf('2.0'));
    await buildImage(docker, `${IMAGE}:broken`, imageOf('broken'));
    dataDir = await mkdtemp(join(tmpdir(), 'kubemu-docker-'));
    await start();
    kubectl = await Kubectl.open(program, join(dataDir, 'kubeconfig'), NAMESPACE);
  });

  after(async () => {
    await kubectl?.close();
    if (server) {
      await server.terminate();
      await kubemu('reset', '--data-dir', dataDir);
    }
    if (dataDir) await rm(dataDir, { recursive: true, force: true });
    if (docker)
      for (const tag of ['1.0', '2.0', 'broken'])
        await docker
          .getImage(`${IMAGE}:${tag}`)
          .remove()
          .catch(() => undefined);
  });

  it('applies the application, which becomes ready', async () => {
    const file = await manifest('bakery.yaml', NAMESPACE);
    expect(await kubectl.ok('apply -f -', [], { input: file })).to.contain('deployment.apps/bakery created');
    await kubectl.ok('rollout status deployment/bakery --timeout=40s');
    const table = rows(await kubectl.ok('get pods -o wide'));
    expect(table).to.have.length(3);
    for (const row of table) {
      expect(row).to.include({ READY: '1/1', STATUS: 'Running', RESTARTS: '0' });
      // settings have come in as files, and were copied into the scratch volume
      const answer = await fetch(`http://${row['IP']}:8080/index.html`);
      expect(await answer.text()).to.equal('fresh bread');
      expect((await fetch(`http://${row['IP']}:8080/hook`)).status, 'the file of the postStart hook').to.equal(200);
    }
    expect(rows(await kubectl.ok('get nodes -o wide'))[0]?.['CONTAINER-RUNTIME']).to.match(/^docker:\/\//);
  });

  it('shows what a container prints', async () => {
    const [pod] = await pods();
    expect(await kubectl.ok(`logs ${pod?.metadata.name}`)).to.equal('version 1.0 speaks french and knows open sesame, open sesame\n');
    const all = await kubectl.ok('logs -l app=bakery --prefix --tail=1');
    expect(all.match(/^\[pod\/bakery-\S+\/oven\] version 1\.0 /gm)).to.have.length(3);
  });

  it('gives Docker the limits', async () => {
    const { HostConfig } = await docker.getContainer(dockerId((await pods())[0])).inspect();
    expect(HostConfig).to.include({ Memory: 64 << 20, CpuPeriod: 100_000, CpuQuota: 50_000, CpuShares: 51 });
  });

  it('rolls a new version within its bounds', async () => {
    const path = `/api/v1/namespaces/${NAMESPACE}/pods?watch=1&labelSelector=app%3Dbakery`;
    const watch = (server as Kubemu).watch(path);
    await eventually('the watch shows the pods there are', () => watch.events.length >= 3);
    await kubectl.ok(`set image deployment/bakery oven=${IMAGE}:2.0`);
    await kubectl.ok('rollout status deployment/bakery --timeout=40s');
    for (const pod of await readyPods(3)) expect(oven(pod).image).to.equal(`${IMAGE}:2.0`);
    await watch.stop();
    const known = new Map<string, Pod>();
    for (const [i, { type, object }] of watch.events.entries()) {
      const pod = object as unknown as Pod;
      if (type === 'DELETED' || pod.metadata.deletionTimestamp) known.delete(pod.metadata.name);
      else known.set(pod.metadata.name, pod);
      if (i < 2) continue;
      expect(known.size, 'pods, of 3 and a surge of 1').to.be.at.most(4);
      expect([...known.values()].filter(isReady).length, 'ready pods, of 3 of which 1 may be missing').to.be.at.least(2);
    }
    expect(await kubectl.ok('logs deployment/bakery')).to.contain('version 2.0 ');
  });

  it('stops at a version that does not become ready, and is repaired by going back', async () => {
    await kubectl.ok(`set image deployment/bakery oven=${IMAGE}:broken`);
    await eventually(
      'two broken pods run, one for the surge and one for the pod that may be missing',
      async () => (await pods()).filter((pod) => oven(pod)?.image === `${IMAGE}:broken` && oven(pod).started).length === 2,
      PATIENCE,
    );
    expect(await kubectl.fails('rollout status deployment/bakery --timeout=2s')).to.contain('timed out waiting');
    const serving = (await pods()).filter(isReady);
    expect(serving.map((pod) => oven(pod).image)).to.deep.equal([`${IMAGE}:2.0`, `${IMAGE}:2.0`]);
    const [broken] = (await pods()).filter((pod) => !isReady(pod));
    expect(await kubectl.ok(`describe pod ${broken?.metadata.name}`)).to.match(
      /Warning +Unhealthy .*Readiness probe failed: HTTP probe failed with statuscode: 404/,
    );
    await kubectl.ok('rollout undo deployment/bakery');
    await kubectl.ok('rollout status deployment/bakery --timeout=40s');
    const now = await readyPods(3);
    for (const pod of now) expect(oven(pod).image).to.equal(`${IMAGE}:2.0`);
    const kept = new Set(now.map(identity));
    for (const pod of serving) expect(kept.has(identity(pod)), 'pods that served went on').to.equal(true);
  });

  it('starts a killed container again, and keeps what it printed', async () => {
    const [victim] = await pods();
    const name = victim?.metadata.name ?? '';
    await docker.getContainer(dockerId(victim)).kill();
    const after = await eventually(
      'it runs again',
      async () => {
        const pod = await kubectl.json<Pod>(`get pod ${name}`);
        return oven(pod).restartCount === 1 && isReady(pod) && pod;
      },
      PATIENCE,
    );
    expect(after.metadata.uid).to.equal(victim?.metadata.uid);
    expect(oven(after).containerID).not.to.equal(oven(victim as Pod).containerID);
    expect(oven(after).lastState?.terminated).to.include({ exitCode: 137, reason: 'Error', containerID: oven(victim as Pod).containerID });
    expect(await kubectl.ok(`logs ${name} --previous`)).to.contain('version 2.0 ');
  });

  it('tells a deleted pod to stop, lets it finish, and replaces it', async () => {
    const before = await pods();
    const name = before[0]?.metadata.name ?? '';
    const follower = kubectl.start(`logs -f ${name}`);
    await eventually('the log is followed', () => follower.output.includes('version 2.0'));
    await kubectl.ok(`delete pod ${name}`);
    expect(await follower.ended).to.equal(0);
    expect(follower.output).to.match(/told to stop\nhas stopped\n$/);
    const now = await readyPods(3);
    expect(now.filter((pod) => before.some((b) => b.metadata.uid === pod.metadata.uid))).to.have.length(2);
  });

  it('kills what does not listen, but not before its grace period is over', async () => {
    await kubectl.ok('apply -f -', [], { input: DEAF });
    await kubectl.ok('wait pod/deaf --for=condition=Ready --timeout=20s');
    const began = Date.now();
    await kubectl.ok('delete pod deaf');
    expect(Date.now() - began).to.be.within(2_000, 20_000);
  });

  it('takes over its containers after it was killed itself', async () => {
    const before = await readyPods(3);
    await server?.kill();
    server = undefined;
    // meanwhile one of them ends
    await docker.getContainer(dockerId(before[0])).kill();
    await start();
    const now = await eventually(
      'all run, one of them again',
      async () => {
        const found = await allPods();
        return found.some((pod) => pod.metadata.uid === before[0]?.metadata.uid && dockerId(pod) !== dockerId(before[0])) &&
          found.every(isReady)
          ? found
          : undefined;
      },
      PATIENCE,
    );
    const again = now.find((pod) => pod.metadata.uid === before[0]?.metadata.uid) as Pod;
    expect(oven(again).restartCount).to.equal(oven(before[0]).restartCount + 1);
    const others = (list: Pod[]) => list.filter((pod) => pod.metadata.uid !== again.metadata.uid).map(identity);
    expect(others(now)).to.have.members(others(before));
    expect(await kubectl.ok(`logs ${again.metadata.name} --previous`)).to.contain('version 2.0 ');
  });

  it('scales, and leaves nothing of what it has removed', async () => {
    await kubectl.ok('scale deployment/bakery --replicas=1');
    await readyPods(1);
    const left = (await ours()).filter((c) => c.Labels['kubemu.dev/type'] === 'sandbox');
    expect(left).to.have.length(1);
    expect(await readdir(join(dataDir, 'pods'))).to.deep.equal([left[0]?.Labels['kubemu.dev/pod-uid']]);
  });

  it('leaves nothing at all after a reset', async () => {
    expect(await ours()).not.to.deep.equal([]);
    expect(await server?.terminate()).to.equal(0);
    server = undefined;
    const said = await kubemu('reset', '--data-dir', dataDir);
    expect(said).to.match(/^removed \d+ containers$/m);
    const network = /^removed network (\S+)$/m.exec(said)?.[1] ?? '';
    expect(await ours()).to.deep.equal([]);
    expect((await docker.listNetworks()).map((n) => n.Name)).not.to.include(network);
    const gone = await readdir(dataDir).then(
      () => false,
      () => true,
    );
    expect(gone, 'the data directory is gone').to.equal(true);
  });
});

function imageOf(version: string): string[] {
  return [`ENV VERSION=${version}`, `CMD ${JSON.stringify(['/bin/busybox', 'sh', '-c', SCRIPT])}`];
}
