// The output of simulated containers: nothing is kept, every line follows from when the container started and ended and from
// annotations, so the same question always has the same answer.
import { Readable } from 'node:stream';
import type { Pod } from '../api/types/core-v1.gen.js';
import type { Clock, Timer } from '../util/clock.js';
import { parseDuration } from '../util/duration.js';
import type { LogOptions, RuntimeContainer } from './runtime.js';
import { annotation } from './stages.js';

/** What an invented log is made of. */
export interface SyntheticLogInput {
  readonly pod: Pod;
  /** The container as it is at the moment. */
  readonly container: () => RuntimeContainer;
  readonly clock: Clock;
  readonly options: LogOptions;
}

interface Line {
  readonly at: number;
  readonly text: string;
}

/** The shortest interval between repeated lines. */
const MIN_INTERVAL = 10;
/** Looking for new lines of a followed log. */
const FOLLOW_STEP = 100;

/** @returns the log as a stream; with `follow` it ends when the container has ended */
export function syntheticLog({ pod, container, clock, options }: SyntheticLogInput): Readable {
  const present = linesBetween(pod, container(), -Infinity, clock.now());
  const since = options.sinceMs === undefined ? present : present.filter((l) => l.at >= (options.sinceMs ?? 0));
  const tail = options.tailLines === undefined ? since : options.tailLines <= 0 ? [] : since.slice(-options.tailLines);
  const limit = new Limit(options);
  const first = limit.text(tail);
  if (!options.follow || container().state === 'exited') return Readable.from(first === '' ? [] : [Buffer.from(first)]);
  return follow({ pod, container, clock, options }, first, limit);
}

/** The lines a container has written after `from` and up to `to`. */
function linesBetween(pod: Pod, container: RuntimeContainer, from: number, to: number): Line[] {
  const subject = { pod, container: container.name };
  const { startedAt, finishedAt } = container;
  const end = Math.min(to, finishedAt ?? to);
  const greeting =
    annotation(subject, 'logs') ??
    `simulated container ${container.name} of pod ${pod.metadata.namespace}/${pod.metadata.name} started (image ${container.image}, attempt ${container.attempt})`;
  const lines: Line[] = startedAt > from && startedAt <= end ? greeting.split('\n').map((text) => ({ at: startedAt, text })) : [];
  const interval = intervalOf(subject);
  if (interval !== undefined) {
    const text = annotation(subject, 'log-line') ?? 'tick';
    const begin = from < startedAt ? 1 : Math.floor((from - startedAt) / interval) + 1;
    for (let i = begin; startedAt + i * interval <= end; i++) lines.push({ at: startedAt + i * interval, text: `${text} ${i}` });
  }
  if (finishedAt !== undefined && finishedAt > from && finishedAt <= to && container.exitCode !== 0)
    lines.push({ at: finishedAt, text: `exited with code ${container.exitCode}` });
  return lines;
}

function intervalOf(subject: { pod: Pod; container: string }): number | undefined {
  const text = annotation(subject, 'log-interval');
  if (text === undefined) return undefined;
  try {
    return Math.max(MIN_INTERVAL, parseDuration(text));
  } catch {
    return undefined;
  }
}

/** Writes lines out until limitBytes is reached. */
class Limit {
  readonly #timestamps: boolean;
  #left: number;

  constructor({ timestamps, limitBytes }: LogOptions) {
    this.#timestamps = timestamps ?? false;
    this.#left = limitBytes ?? Infinity;
  }

  get reached(): boolean {
    return this.#left <= 0;
  }

  text(lines: readonly Line[]): string {
    const whole = Buffer.from(
      lines.map((l) => `${this.#timestamps ? `${new Date(l.at).toISOString().replace('Z', '000000Z')} ` : ''}${l.text}\n`).join(''),
    );
    const part = whole.length > this.#left ? whole.subarray(0, this.#left) : whole;
    this.#left -= part.length;
    return part.toString();
  }
}

function follow({ pod, container, clock, options }: SyntheticLogInput, first: string, limit: Limit): Readable {
  let seen = clock.now();
  let timer: Timer | undefined;
  const stream = new Readable({
    read() {
      // lines come when the clock says so, not when they are asked for
    },
    destroy(error, done) {
      timer?.cancel();
      options.signal?.removeEventListener('abort', abort);
      done(error);
    },
  });
  const finish = () => void stream.push(null);
  const abort = () => {
    timer?.cancel();
    finish();
  };
  const look = () => {
    const now = clock.now();
    const text = limit.text(linesBetween(pod, container(), seen, now));
    seen = now;
    if (text !== '') stream.push(text);
    if (limit.reached || container().state === 'exited') finish();
    else timer = clock.after(FOLLOW_STEP, look);
  };
  if (first !== '') stream.push(first);
  if (options.signal?.aborted || limit.reached) finish();
  else {
    options.signal?.addEventListener('abort', abort, { once: true });
    timer = clock.after(FOLLOW_STEP, look);
  }
  return stream;
}
