import type { Clock, Timer } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import { type Storage, StorageError } from './storage.js';

/** What is compacted, and how much history stays. */
export interface CompactorOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  /** History is kept at least so long. Default: five minutes, as kube-apiserver does. */
  readonly keepMs?: number;
  /** How often it is looked at. Default: a minute. */
  readonly intervalMs?: number;
}

/**
 * Keeps the history bounded: notes the store's revision now and then, and forgets what is older than the newest note of
 * at least `keepMs` ago. Notes are not kept over a restart, so afterwards the history is kept longer, never shorter.
 * @returns a function that ends it and waits for a compaction under way
 */
export function startCompactor({
  storage,
  clock,
  logger,
  keepMs = 5 * 60_000,
  intervalMs = 60_000,
}: CompactorOptions): () => Promise<void> {
  let notes = [{ at: clock.now(), revision: storage.revision() }];
  let running = Promise.resolve();
  let stopped = false;
  let timer: Timer;
  const schedule = () => {
    timer = clock.after(intervalMs, () => {
      running = round().then(() => {
        if (!stopped) schedule();
      });
    });
  };
  const round = async () => {
    const old = notes.findLast((note) => note.at <= clock.now() - keepMs);
    notes = notes.filter((note) => old === undefined || note.at > old.at);
    notes.push({ at: clock.now(), revision: storage.revision() });
    if (!old) return;
    try {
      await storage.compact(old.revision);
      logger.debug('compacted the store', { revision: old.revision });
    } catch (error) {
      // the next round has a younger note and makes up for it
      if (!(error instanceof StorageError && error.code === 'CLOSED')) logger.error('cannot compact the store', { error });
    }
  };
  schedule();
  return () => {
    stopped = true;
    timer.cancel();
    return running;
  };
}
