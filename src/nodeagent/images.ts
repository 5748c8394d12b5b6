import { defaultPullPolicy, parseImageName } from '../api/shared/pod/image-name.js';
import type { Pod } from '../api/types/core-v1.gen.js';
import type { Clock } from '../util/clock.js';
import { formatDuration } from '../util/duration.js';
import { messageOf } from '../util/errors.js';
import type { PodEvents } from './pod-events.js';
import type { ContainerRecord } from './records.js';
import { credentialsFor, pullSecrets } from './pull-secrets.js';
import { type Credentials, type Image, type Runtime, RuntimeError } from './runtime.js';
import type { Sources } from './sources.js';

/** What images are fetched with. */
export interface ImageOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly events: PodEvents;
  readonly sources: Sources;
}

/**
 * Sees to it that a container's image is there, as its pull policy says, with the kubelet's events.
 * @throws RuntimeError whose reason and message become the container's waiting state
 */
export async function ensureImage(pod: Pod, container: ContainerRecord, options: ImageOptions, signal: AbortSignal): Promise<Image> {
  const { runtime, events } = options;
  const name = container.spec.image ?? '';
  if (!parseImageName(name)) {
    const message = `Failed to apply default image tag ${JSON.stringify(name)}: couldn't parse image name ${JSON.stringify(name)}: invalid reference format`;
    events.container(pod, container, 'Warning', 'InspectFailed', message);
    throw new RuntimeError('InvalidImageName', message);
  }
  const policy = container.spec.imagePullPolicy ?? defaultPullPolicy(name);
  const present = await runtime.findImage(pod, container.spec);
  if (present && policy !== 'Always') {
    const how = policy === 'Never' ? '' : ' and can be accessed by the pod';
    events.container(pod, container, 'Normal', 'Pulled', `Container image ${JSON.stringify(name)} already present on machine${how}`);
    return present;
  }
  if (policy === 'Never') {
    const message = `Container image ${JSON.stringify(name)} is not present with pull policy of Never`;
    events.container(pod, container, 'Warning', 'ErrImageNeverPull', message);
    throw new RuntimeError('ErrImageNeverPull', message);
  }
  return pull(pod, container, options, signal);
}

async function pull(pod: Pod, container: ContainerRecord, options: ImageOptions, signal: AbortSignal): Promise<Image> {
  const { clock, events } = options;
  const name = JSON.stringify(container.spec.image ?? '');
  events.container(pod, container, 'Normal', 'Pulling', `Pulling image ${name}`);
  const began = clock.now();
  try {
    const image = await pullAs(pod, container, options, signal);
    const took = formatDuration(clock.now() - began);
    events.container(
      pod,
      container,
      'Normal',
      'Pulled',
      `Successfully pulled image ${name} in ${took} (${took} including waiting). Image size: ${image.sizeBytes} bytes.`,
    );
    container.pull.reset();
    container.pullFailure = undefined;
    return image;
  } catch (error) {
    if (signal.aborted) throw error;
    const message = messageOf(error);
    const now = clock.now();
    container.pull.next(now, now);
    container.pullFailure = { at: now, message };
    events.container(pod, container, 'Warning', 'Failed', `Failed to pull image ${name}: ${message}`);
    throw new RuntimeError(error instanceof RuntimeError ? error.reason : 'ErrImagePull', message, { cause: error });
  }
}

/** Tries the credentials the pod has for the image one after the other; without any, as anybody. @throws Error of the last try */
async function pullAs(
  pod: Pod,
  { spec }: ContainerRecord,
  { runtime, events, sources }: ImageOptions,
  signal: AbortSignal,
): Promise<Image> {
  const secrets = await pullSecrets(pod, sources, events);
  const known: (Credentials | undefined)[] = credentialsFor(parseImageName(spec.image ?? '')?.repository ?? '', secrets);
  const last = known.pop();
  for (const credentials of known) {
    try {
      return await runtime.pullImage(pod, spec, signal, credentials);
    } catch (error) {
      if (signal.aborted) throw error;
    }
  }
  return runtime.pullImage(pod, spec, signal, last);
}
