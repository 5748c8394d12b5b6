// What a node needs of a container runtime. Two implementations shape it: simulated.ts (data and timers) and docker.ts; one
// contract suite tests both (test/suites/runtime.ts).
import type { Readable } from 'node:stream';
import type { Container, Pod, Probe } from '../api/types/core-v1.gen.js';

/** A container that exists in the runtime: one attempt to run a container of a pod. */
export interface RuntimeContainer {
  /** With the runtime's scheme: `docker://…`. Unique for ever. */
  readonly id: string;
  readonly name: string;
  /** 0 for the first, one more for each restart. */
  readonly attempt: number;
  readonly state: 'running' | 'exited';
  readonly image: string;
  readonly imageID: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly finishedAt?: number;
  readonly exitCode?: number;
  readonly signal?: number;
  /** Completed, Error, OOMKilled … */
  readonly reason?: string;
  /** What the container left as its termination message. */
  readonly message?: string;
  /** False: the runtime itself knows that the container is not ready, whatever its probes say. */
  readonly ready?: boolean;
}

/** A pod's sandbox: what its containers share, above all the network. */
export interface Sandbox {
  readonly id: string;
  /** The pod's address; the node's own with hostNetwork. */
  readonly ip: string;
}

/** All that exists of one pod. */
export interface RuntimePod {
  /** Undefined: the pod has ended, only its containers are kept. */
  readonly sandbox: Sandbox | undefined;
  /** For each container its latest attempt, and the one before it while that is kept. */
  readonly containers: readonly RuntimeContainer[];
}

/** The node a call is about: one runtime may serve many. */
export interface RuntimeNode {
  readonly name: string;
  readonly ip: string;
  readonly podCIDR: string;
}

/** An image the runtime has. */
export interface Image {
  readonly id: string;
  readonly sizeBytes: number;
}

/** What opens a registry. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** A volume's content as the agent has worked it out; the runtime only has to put it somewhere. */
export type VolumeContent =
  | { readonly name: string; readonly type: 'emptyDir'; readonly medium?: string | undefined; readonly sizeBytes?: number | undefined }
  | { readonly name: string; readonly type: 'files'; readonly files: readonly VolumeFile[] }
  | { readonly name: string; readonly type: 'hostPath'; readonly path: string; readonly pathType: string }
  /** A kind the agent cannot resolve itself: the field's name in the volume. */
  | { readonly name: string; readonly type: 'other'; readonly source: string };

/** A file that a volume is filled with. */
export interface VolumeFile {
  /** Relative to the volume. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

/** What a pod's sandbox is made for. */
export interface SandboxRequest {
  readonly pod: Pod;
  readonly node: RuntimeNode;
  readonly signal: AbortSignal;
}

/** What a container is made of. */
export interface ContainerRequest {
  readonly pod: Pod;
  readonly node: RuntimeNode;
  readonly container: Container;
  readonly attempt: number;
  readonly image: Image;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  /** With $(NAME) expanded; undefined: the image's own. */
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[] | undefined;
  readonly signal: AbortSignal;
}

/** What a probe is asked for. */
export type ProbeKind = 'startup' | 'liveness' | 'readiness';

/** A probe that the runtime carries out. */
export interface ProbeRequest {
  readonly pod: Pod;
  readonly container: RuntimeContainer;
  readonly kind: ProbeKind;
  readonly probe: Probe;
  /** The address to reach the pod at. */
  readonly ip: string;
  /** Resolves a port's name. */
  readonly port: (port: string | number) => number;
  readonly signal: AbortSignal;
}

/** `output` is what the event of a failed probe says. */
export interface ProbeResult {
  readonly ok: boolean;
  readonly output: string;
}

/** How a command ended. */
export interface ExecResult {
  readonly exitCode: number;
  readonly output: string;
}

/** How much of a log, and from when. */
export interface LogOptions {
  readonly follow?: boolean;
  readonly tailLines?: number;
  readonly sinceMs?: number;
  readonly timestamps?: boolean;
  readonly limitBytes?: number;
  readonly signal?: AbortSignal;
}

/** What a machine of this runtime offers when its node does not say: quantities. */
export interface RuntimeInfo {
  /** As status.nodeInfo.containerRuntimeVersion: `docker://28.2.2`. */
  readonly version: string;
  readonly osImage: string;
  readonly kernelVersion: string;
  readonly architecture: string;
  readonly capacity: Readonly<Record<string, string>>;
}

/** The reason of a container whose process could not be started. */
export const START_ERROR = 'StartError';

/** The request cannot be met now or ever; `reason` becomes that of the container's waiting state. */
export class RuntimeError extends Error {
  readonly reason: string;
  constructor(reason: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * Runs pods. Calls about one pod come one after the other, but for `stopContainer` (again, with less grace), `removePod`,
 * `exec`, `probe` and `logs`. Every call may be repeated after a failure.
 */
export interface Runtime {
  readonly name: string;
  readonly info: RuntimeInfo;
  /** Whether the content of secrets and tokens is really needed. False: volumes are only checked for what must exist. */
  readonly mounts: boolean;
  /** The address of all its nodes; undefined: each node is given one. */
  readonly address?: string;
  /** The range of all its pods' addresses; undefined: each node is given one. */
  readonly podCIDR?: string;

  /**
   * Takes over what exists of a pod since an earlier life of the agent. Comes before any other call about the pod, once.
   * @returns undefined when nothing of use exists
   */
  adopt(pod: Pod, node: RuntimeNode): Promise<RuntimePod | undefined>;
  /** Removes what exists of pods of this node that are not in `uids`: they vanished while nobody looked. */
  removeOthers(node: RuntimeNode, uids: ReadonlySet<string>): Promise<void>;

  /** Makes the sandbox, or finds it. Rejects with RuntimeError. */
  startSandbox(request: SandboxRequest): Promise<Sandbox>;
  /** Gives up the sandbox and its address; ended containers and their logs stay until `removePod`. */
  stopSandbox(pod: Pod): Promise<void>;
  /** Makes a pod's volumes, before its sandbox, or brings changed contents to a running pod. Rejects with Error: the event FailedMount says it. */
  mountVolumes(pod: Pod, volumes: readonly VolumeContent[]): Promise<void>;

  /** The image as it is on the machine; undefined: it must be pulled. */
  findImage(pod: Pod, container: Container): Promise<Image | undefined>;
  /** Rejects with RuntimeError ErrImagePull, or a more special reason, when the image cannot be had. */
  pullImage(pod: Pod, container: Container, signal: AbortSignal, credentials?: Credentials): Promise<Image>;

  /**
   * Resolves once the container's process has started, or with an exited container (exit code 128, reason StartError) when
   * it exists but its process could not be started. Rejects with RuntimeError CreateContainerError when it cannot be made.
   */
  startContainer(request: ContainerRequest): Promise<RuntimeContainer>;
  /**
   * Asks a container to end, and kills it after the grace period. Resolves with its end. Asked again with less grace, the
   * shorter time counts. @returns undefined when there is no such container
   */
  stopContainer(pod: Pod, id: string, graceSeconds: number): Promise<RuntimeContainer | undefined>;
  removeContainer(pod: Pod, id: string): Promise<void>;
  /** Kills what still runs and removes everything of the pod: containers, sandbox, address, volumes. */
  removePod(pod: Pod): Promise<void>;

  exec(pod: Pod, id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>;
  probe(request: ProbeRequest): Promise<ProbeResult>;
  /** The output of a container, ended when it has ended. Rejects with RuntimeError when there is none. */
  logs(pod: Pod, id: string, options: LogOptions): Promise<Readable>;

  /** `listener` is called whenever a container has ended, or changed its readiness, by itself. One for the runtime; called again it replaces the first. */
  onChange(listener: (podUid: string, container: RuntimeContainer) => void): void;
  /** `listener` is called when a sandbox has ended by itself: what is in it has no network any more. One for the runtime, as above. */
  onSandboxEnd(listener: (podUid: string, sandboxId: string) => void): void;
  /** Releases connections and timers; what runs goes on where it can. */
  close(): Promise<void>;
}
