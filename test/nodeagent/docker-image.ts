// An image for tests, built from nothing but the machine's static busybox.
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import Docker from 'dockerode';
import { dockerAvailable } from '../../src/nodeagent/index.js';
import { tarOf } from '../../src/nodeagent/docker-pause.js';

export const TEST_IMAGE = 'kubemu-test/busybox:1';
const BUSYBOX = '/bin/busybox';

/** Skips the tests, saying why, where there is no Docker engine or no static busybox; else sees to the test image. */
export async function needDocker(context: Mocha.Context): Promise<Docker> {
  const docker = new Docker();
  const reason = (await dockerAvailable(docker)) ? missingBusybox() : 'no Docker engine answers';
  if (reason) {
    if (context.test) context.test.title += ` (skipped: ${reason})`;
    context.skip();
  }
  const progress = await docker.importImage(Readable.from([tarOf('bin/busybox', readFileSync(BUSYBOX))]), {
    repo: 'kubemu-test/busybox',
    tag: '1',
    changes: 'ENV PATH=/bin',
  });
  await new Promise<void>((resolve, reject) => docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())));
  return docker;
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
