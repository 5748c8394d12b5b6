import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { type Clock, sleep } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import { messageOf } from '../util/errors.js';
import { LABELS } from './docker-config.js';

const RETRY = 1_000;

/** Whose events are watched. */
export interface WatchOptions {
  readonly docker: Docker;
  readonly clusterId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** A container or a sandbox has ended. */
  readonly died: (id: string) => void;
  /** Events may have been missed: everything must be looked at anew. */
  readonly missed: () => void;
}

/** Follows Docker's events until the signal is aborted; begins again whenever the connection breaks. Resolves at the end. */
export async function watchContainers(options: WatchOptions): Promise<void> {
  const { docker, clusterId, clock, logger, signal } = options;
  for (let first = true; !signal.aborted; first = false) {
    try {
      const filters = JSON.stringify({
        type: ['container'],
        event: ['die'],
        label: [`${LABELS.cluster}=${clusterId}`],
      });
      const stream = (await docker.getEvents({ filters })) as Readable;
      if (!first) options.missed();
      await follow(stream, options);
    } catch (error) {
      if (!signal.aborted) logger.debug('the events of Docker broke off', { error: messageOf(error) });
    }
    await sleep(clock, RETRY, signal);
  }
}

async function follow(stream: Readable, { signal, died }: WatchOptions): Promise<void> {
  const end = () => void stream.destroy();
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  let rest = '';
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') died((JSON.parse(line) as { Actor: { ID: string } }).Actor.ID);
    }
  } finally {
    signal.removeEventListener('abort', end);
  }
}
