import type { Readable } from 'node:stream';
import { badRequest } from '../api/meta/errors.js';
import type { Pod } from '../api/types/core-v1.gen.js';
import type { Clock } from '../util/clock.js';
import type { PodRecord } from './records.js';
import { type LogOptions, type Runtime, RuntimeError } from './runtime.js';

/** What `kubectl logs` asks; the names are those of v1.PodLogOptions. */
export interface PodLogOptions {
  /** "" or absent: the only container. */
  readonly container?: string | undefined;
  readonly follow?: boolean | undefined;
  readonly previous?: boolean | undefined;
  readonly timestamps?: boolean | undefined;
  readonly sinceSeconds?: number | undefined;
  /** RFC 3339. */
  readonly sinceTime?: string | undefined;
  readonly tailLines?: number | undefined;
  readonly limitBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws ApiError BadRequest worded as the kubelet's answer */
export async function containerLogs(record: PodRecord, options: PodLogOptions, runtime: Runtime, clock: Clock): Promise<Readable> {
  const id = containerId(record, options);
  const sinceMs =
    options.sinceTime !== undefined
      ? Date.parse(options.sinceTime)
      : options.sinceSeconds !== undefined
        ? clock.now() - options.sinceSeconds * 1_000
        : undefined;
  const asked: LogOptions = {
    follow: options.follow ?? false,
    timestamps: options.timestamps ?? false,
    ...(options.tailLines !== undefined && { tailLines: options.tailLines }),
    ...(options.limitBytes !== undefined && { limitBytes: options.limitBytes }),
    ...(sinceMs !== undefined && { sinceMs }),
    ...(options.signal && { signal: options.signal }),
  };
  try {
    return await runtime.logs(record.pod, id, asked);
  } catch (error) {
    if (error instanceof RuntimeError) throw badRequest(error.message);
    throw error;
  }
}

/** (kubelet validateContainerLogStatus) */
function containerId({ pod, containers }: PodRecord, { container: name, previous }: PodLogOptions): string {
  const record = containers.find((c) => c.spec.name === nameOf(pod, name));
  const where = `container ${JSON.stringify(nameOf(pod, name))} in pod ${JSON.stringify(pod.metadata.name)}`;
  if (!record) throw badRequest(`${where} is not available`);
  const { current, waiting } = record;
  // a container that waits to run again has its latest attempt behind it
  const last = waiting && current?.state === 'exited' ? current : record.previous;
  if (previous) {
    if (!last) throw badRequest(`previous terminated ${where} not found`);
    return last.id;
  }
  const shown = current ?? last;
  if (shown) return shown.id;
  switch (waiting?.reason) {
    case 'ErrImagePull':
      throw badRequest(`${where} is waiting to start: image can't be pulled`);
    case 'ImagePullBackOff':
      throw badRequest(`${where} is waiting to start: trying and failing to pull image`);
    default:
      throw badRequest(
        `${where} is waiting to start: ${waiting?.reason ?? (pod.spec.initContainers?.length ? 'PodInitializing' : 'ContainerCreating')}`,
      );
  }
}

function nameOf(pod: Pod, name: string | undefined): string {
  return name || (pod.spec.containers[0]?.name ?? '');
}
