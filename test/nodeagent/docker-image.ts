// An image for tests, built from nothing but the machine's static busybox.
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import Docker from 'dockerode';
import { dockerAvailable } from '../../src/nodeagent/docker-leftovers.js';
import { tarOf } from '../../src/nodeagent/docker-pause.js';

export const TEST_IMAGE = 'kubemu-test/busybox:1';
/** A program without libraries, here and in the images. */
export const BUSYBOX = '/bin/busybox';

/** Skips the tests, saying why, where there is no Docker engine or no static busybox; else sees to the test image. */
export async function needDocker(context: Mocha.Context): Promise<Docker> {
  const docker = new Docker();
  const reason = (await dockerAvailable(docker)) ? missingBusybox() : 'no Docker engine answers';
  if (reason) {
    if (context.test) context.test.title += ` (skipped: ${reason})`;
    context.skip();
  }
  await buildImage(docker, TEST_IMAGE);
  return docker;
}

/** Makes an image from nothing but busybox. @param instructions as in a Dockerfile */
export async function buildImage(docker: Docker, image: string, instructions: readonly string[] = []): Promise<void> {
  const [repo = '', tag = ''] = image.split(':');
  const named = docker.getImage(image);
  const { Id } = await named.inspect().catch(() => ({ Id: undefined }));
  const changes = ['ENV PATH=/bin', ...instructions].join('\n');
  const progress = await docker.importImage(Readable.from([tarOf('bin/busybox', readFileSync(BUSYBOX))]), { repo, tag, changes });
  await new Promise<void>((resolve, reject) => docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())));
  // what an earlier run has left; a container of somebody else's tests may need it
  if (Id && Id !== (await named.inspect()).Id)
    await docker
      .getImage(Id)
      .remove()
      .catch(() => undefined);
}

/** A shell script as a container's command. */
export function shell(script: string): string[] {
  return [BUSYBOX, 'sh', '-c', script];
}

function missingBusybox(): string | undefined {
  try {
    readFileSync(BUSYBOX);
    return undefined;
  } catch {
    return `there is no ${BUSYBOX}`;
  }
}
