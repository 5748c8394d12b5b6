// The Docker runtime: a pod is a sandbox container that holds the network, and one container for each attempt of each of its
// containers, joined to it. Everything carries labels (docker-config.ts), so nothing need be remembered over a restart.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { uidOf } from '../api/meta/object.js';
import { parseImageName } from '../api/shared/pod/image-name.js';
import type { Container, Pod } from '../api/types/core-v1.gen.js';
import type { Clock } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import { messageOf } from '../util/errors.js';
import { containerOptions, LABELS, sandboxOptions } from './docker-config.js';
import { watchContainers } from './docker-events.js';
import { execIn, lastLines, logsOf } from './docker-streams.js';
import { ensureNetwork, networkName } from './docker-network.js';
import { ensurePauseImage } from './docker-pause.js';
import { containerState, dockerId, isMissing, rawId, reasonOf, terminationMessage } from './docker-state.js';
import { PodDirectories } from './docker-volumes.js';
import { httpProbe, tcpProbe } from './network-probes.js';
import {
  type ContainerRequest,
  type Credentials,
  type ExecResult,
  type Image,
  type LogOptions,
  type ProbeRequest,
  type ProbeResult,
  type Runtime,
  type RuntimeContainer,
  RuntimeError,
  type RuntimeInfo,
  type RuntimeNode,
  type RuntimePod,
  type Sandbox,
  type SandboxRequest,
  START_ERROR,
  type VolumeContent,
} from './runtime.js';

/** Which Docker, and for whom. */
export interface DockerOptions {
  /** Default: the socket Docker's own command would use. */
  readonly docker?: Docker;
  readonly clusterId: string;
  /** Volumes are kept in `pods` below it. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Connects to Docker, makes the cluster's network and the sandbox image where they are not there. Rejects when Docker does not answer. */
export async function dockerRuntime(options: DockerOptions): Promise<Runtime> {
  const docker = options.docker ?? new Docker();
  const [version, info] = await Promise.all([docker.version(), docker.info() as Promise<Record<string, unknown>>]);
  const architecture = version.Arch;
  const image = await ensurePauseImage(docker, architecture);
  const network = await ensureNetwork(docker, options.clusterId);
  await mkdir(join(options.dataDir, 'pods'), { recursive: true });
  const runtimeInfo: RuntimeInfo = {
    version: `docker://${version.Version}`,
    osImage: String(info.OperatingSystem),
    kernelVersion: String(info.KernelVersion),
    architecture,
    capacity: { cpu: String(info.NCPU), memory: `${Math.floor(Number(info.MemTotal) / 1024)}Ki`, 'ephemeral-storage': '100Gi' },
  };
  return new DockerRuntime({ ...options, docker }, runtimeInfo, image, network);
}

class DockerRuntime implements Runtime {
  readonly name = 'docker';
  readonly mounts = true;
  readonly address: string;
  readonly podCIDR: string;
  readonly info: RuntimeInfo;
  readonly #options: DockerOptions & { docker: Docker };
  readonly #docker: Docker;
  readonly #pauseImage: string;
  readonly #directories: PodDirectories;
  readonly #abort = new AbortController();
  readonly #watching: Promise<void>;
  #listener: (podUid: string, container: RuntimeContainer) => void = () => undefined;
  #sandboxListener: (podUid: string, sandboxId: string) => void = () => undefined;

  constructor(
    options: DockerOptions & { docker: Docker },
    info: RuntimeInfo,
    pauseImage: string,
    network: { gateway: string; subnet: string },
  ) {
    this.#options = options;
    this.#docker = options.docker;
    this.#pauseImage = pauseImage;
    this.#directories = new PodDirectories(join(options.dataDir, 'pods'));
    this.address = network.gateway;
    this.podCIDR = network.subnet;
    this.info = info;
    this.#watching = watchContainers({
      ...options,
      signal: this.#abort.signal,
      died: (id) => void this.#died(id),
      missed: () => void this.#lookAgain(),
    });
  }

  async adopt(pod: Pod, node: RuntimeNode): Promise<RuntimePod | undefined> {
    const found = await this.#list([`${LABELS.uid}=${pod.metadata.uid}`]);
    if (found.length === 0) return undefined;
    const running = found.find((c) => c.Labels[LABELS.type] === 'sandbox' && c.State === 'running');
    const sandbox = running && (await this.#sandboxOf(running.Id, pod, node));
    const containers = await Promise.all(found.filter((c) => c.Labels[LABELS.type] === 'container').map((c) => this.#inspect(c.Id)));
    return { sandbox, containers: containers.flatMap((c) => c ?? []) };
  }

  async removeOthers(node: RuntimeNode, uids: ReadonlySet<string>): Promise<void> {
    const found = await this.#list([`${LABELS.node}=${node.name}`]);
    const gone = new Set(found.map((c) => c.Labels[LABELS.uid] ?? '').filter((uid) => !uids.has(uid)));
    for (const uid of gone) await this.#removeAll(uid);
  }

  async mountVolumes(pod: Pod, contents: readonly VolumeContent[]): Promise<void> {
    await this.#directories.mount(pod, contents);
  }

  async startSandbox({ pod, node }: SandboxRequest): Promise<Sandbox> {
    const found = await this.#list([`${LABELS.uid}=${pod.metadata.uid}`, `${LABELS.type}=sandbox`]);
    const running = found.find((c) => c.State === 'running');
    if (running) return this.#sandboxOf(running.Id, pod, node);
    for (const dead of found) await this.#docker.getContainer(dead.Id).remove({ force: true, v: true });
    const options = sandboxOptions({ ...this.#options, pod, node }, this.#pauseImage, networkName(this.#options.clusterId));
    const sandbox = await this.#docker.createContainer(options);
    await sandbox.start();
    return this.#sandboxOf(sandbox.id, pod, node);
  }

  async stopSandbox(pod: Pod): Promise<void> {
    for (const { Id } of await this.#list([`${LABELS.uid}=${pod.metadata.uid}`, `${LABELS.type}=sandbox`]))
      await this.#forgive(this.#docker.getContainer(Id).remove({ force: true, v: true }));
  }

  async findImage(_pod: Pod, { image = '' }: Container): Promise<Image | undefined> {
    try {
      const found = await this.#docker.getImage(image).inspect();
      return { id: found.Id, sizeBytes: found.Size };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw new RuntimeError('ImageInspectError', messageOf(error), { cause: error });
    }
  }

  async pullImage(pod: Pod, container: Container, signal: AbortSignal, credentials?: Credentials): Promise<Image> {
    const { repository = '', tag = '', digest = '' } = parseImageName(container.image ?? '') ?? {};
    try {
      const progress = await this.#docker.pull(digest ? `${repository}@${digest}` : `${repository}:${tag}`, {
        abortSignal: signal,
        ...(credentials && { authconfig: { ...credentials, serveraddress: repository.split('/')[0] } }),
      });
      await new Promise<void>((resolve, reject) =>
        this.#docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())),
      );
    } catch (error) {
      throw new RuntimeError('ErrImagePull', `Error response from daemon: ${reasonOf(error)}`, { cause: error });
    }
    const image = await this.findImage(pod, container);
    if (!image) throw new RuntimeError('ErrImagePull', `the image ${container.image} is not there after it was pulled`);
    return image;
  }

  async startContainer(request: ContainerRequest): Promise<RuntimeContainer> {
    const { pod, node, container, attempt } = request;
    const uid = uidOf(pod);
    await this.#checkUser(request);
    const [sandbox] = await this.#list([`${LABELS.uid}=${uid}`, `${LABELS.type}=sandbox`]);
    if (!sandbox) throw new RuntimeError('CreateContainerError', 'the pod has no sandbox');
    const created = await this.#create(request, sandbox.Id);
    try {
      await created.start();
    } catch (error) {
      const now = this.#options.clock.now();
      const common = {
        name: container.name,
        attempt,
        image: container.image ?? '',
        imageID: dockerId(request.image.id),
        startedAt: now,
        finishedAt: now,
      };
      return { ...common, id: dockerId(created.id), state: 'exited', exitCode: 128, reason: START_ERROR, message: reasonOf(error) };
    }
    const started = await this.#inspect(created.id);
    if (!started) throw new RuntimeError('RunContainerError', `the container ${container.name} of ${node.name} is gone`);
    return started;
  }

  async stopContainer(_pod: Pod, id: string, graceSeconds: number): Promise<RuntimeContainer | undefined> {
    const raw = rawId(id);
    try {
      await this.#docker.getContainer(raw).stop({ t: Math.max(1, Math.round(graceSeconds)) });
    } catch (error) {
      if (isMissing(error)) return undefined;
      // 304: it has ended already
      if ((error as { statusCode?: number }).statusCode !== 304) throw error;
    }
    return this.#inspect(raw);
  }

  async removeContainer(_pod: Pod, id: string): Promise<void> {
    await this.#forgive(this.#docker.getContainer(rawId(id)).remove({ force: true, v: true }));
  }

  async removePod(pod: Pod): Promise<void> {
    await this.#removeAll(uidOf(pod));
  }

  exec(_pod: Pod, id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    return execIn(this.#docker, rawId(id), command, { timeoutMs, clock: this.#options.clock });
  }

  async probe({ pod, container, probe, ip, port }: ProbeRequest): Promise<ProbeResult> {
    const timeout = (probe.timeoutSeconds ?? 1) * 1_000;
    if (probe.httpGet) return httpProbe(probe.httpGet, ip, port, timeout);
    if (probe.tcpSocket) return tcpProbe(probe.tcpSocket, ip, port, timeout);
    const { exitCode, output } = await this.exec(pod, container.id, probe.exec?.command ?? [], timeout);
    return { ok: exitCode === 0, output };
  }

  logs(_pod: Pod, id: string, options: LogOptions): Promise<Readable> {
    return logsOf(this.#docker, rawId(id), options);
  }

  onChange(listener: (podUid: string, container: RuntimeContainer) => void): void {
    this.#listener = listener;
  }

  onSandboxEnd(listener: (podUid: string, sandboxId: string) => void): void {
    this.#sandboxListener = listener;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#watching;
  }

  async #create(request: ContainerRequest, sandboxId: string): Promise<Docker.Container> {
    const { pod, container, attempt } = request;
    const uid = uidOf(pod);
    try {
      const binds = await this.#directories.binds(pod, container);
      const log = await this.#directories.terminationLog(uid, container.name, attempt);
      const options = containerOptions({ ...this.#options, ...request }, request, sandboxId, [
        ...binds,
        `${log}:${container.terminationMessagePath ?? '/dev/termination-log'}`,
      ]);
      // an earlier try may have got as far as this
      const stale = await this.#list([`${LABELS.uid}=${uid}`, `${LABELS.container}=${container.name}`, `${LABELS.attempt}=${attempt}`]);
      for (const { Id } of stale) await this.#docker.getContainer(Id).remove({ force: true, v: true });
      return await this.#docker.createContainer(options);
    } catch (error) {
      throw new RuntimeError('CreateContainerError', reasonOf(error), { cause: error });
    }
  }

  /** (kubelet verifyRunAsNonRoot) */
  async #checkUser({ pod, container, image }: ContainerRequest): Promise<void> {
    const own = container.securityContext;
    const shared = pod.spec.securityContext;
    if (!(own?.runAsNonRoot ?? shared?.runAsNonRoot)) return;
    const user = own?.runAsUser ?? shared?.runAsUser;
    if (user === 0) throw new RuntimeError('CreateContainerConfigError', "container's runAsUser breaks non-root policy");
    if (user !== undefined) return;
    const [name = ''] = (await this.#docker.getImage(image.id).inspect()).Config.User.split(':');
    if (name === '' || name === '0' || name === 'root')
      throw new RuntimeError('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root');
    if (!/^\d+$/.test(name))
      throw new RuntimeError(
        'CreateContainerConfigError',
        `container has runAsNonRoot and image has non-numeric user (${name}), cannot verify user is non-root`,
      );
  }

  #list(labels: readonly string[]): Promise<Docker.ContainerInfo[]> {
    return this.#docker.listContainers({ all: true, filters: { label: [`${LABELS.cluster}=${this.#options.clusterId}`, ...labels] } });
  }

  async #sandboxOf(id: string, pod: Pod, node: RuntimeNode): Promise<Sandbox> {
    if (pod.spec.hostNetwork) return { id, ip: node.ip };
    const info = await this.#docker.getContainer(id).inspect();
    return { id, ip: info.NetworkSettings.Networks[networkName(this.#options.clusterId)]?.IPAddress ?? '' };
  }

  async #inspect(id: string): Promise<RuntimeContainer | undefined> {
    const container = this.#docker.getContainer(id);
    const info = await container.inspect().catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (!info) return undefined;
    const state = containerState(info);
    if (!state) return undefined;
    if (state.state === 'running') return state;
    const labels = info.Config.Labels;
    const path = this.#directories.terminationLogPath(labels[LABELS.uid] ?? '', state.name, state.attempt);
    const message = await terminationMessage(path, state.exitCode !== 0, labels[LABELS.message], (lines) =>
      lastLines(this.#docker, id, info.Config.Tty, lines),
    );
    return message === '' ? state : { ...state, message };
  }

  async #died(id: string): Promise<void> {
    try {
      const info = await this.#docker.getContainer(id).inspect();
      const { [LABELS.uid]: uid = '', [LABELS.type]: type } = info.Config.Labels;
      if (type === 'sandbox') {
        if (!info.State.Running) this.#sandboxListener(uid, id);
        return;
      }
      const state = await this.#inspect(id);
      if (state?.state === 'exited') this.#listener(uid, state);
    } catch (error) {
      // removed at once: whoever did that knows
      if (!isMissing(error)) this.#options.logger.error('an ended container could not be looked at', { id, error });
    }
  }

  async #lookAgain(): Promise<void> {
    try {
      const label = [`${LABELS.cluster}=${this.#options.clusterId}`];
      const ended = await this.#docker.listContainers({ all: true, filters: { label, status: ['exited', 'dead'] } });
      for (const { Id } of ended) await this.#died(Id);
    } catch (error) {
      this.#options.logger.error('containers that ended meanwhile could not be looked for', { error });
    }
  }

  async #removeAll(uid: string): Promise<void> {
    const found = await this.#list([`${LABELS.uid}=${uid}`]);
    // the sandbox last: the others live in its namespaces
    const order = [...found].sort((a, b) => Number(a.Labels[LABELS.type] === 'sandbox') - Number(b.Labels[LABELS.type] === 'sandbox'));
    for (const { Id } of order) await this.#forgive(this.#docker.getContainer(Id).remove({ force: true, v: true }));
    await this.#directories.remove(uid);
  }

  /** Waits for a removal; what is gone, or just going, is fine. */
  async #forgive(removal: Promise<unknown>): Promise<void> {
    await removal.catch((error: unknown) => {
      if (!isMissing(error) && (error as { statusCode?: number }).statusCode !== 409) throw error;
    });
  }
}
