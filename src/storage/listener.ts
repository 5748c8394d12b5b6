import type { StorageEvent } from './storage.js';

/** Told about every committed batch, in order. */
export type Listener = (events: readonly StorageEvent[]) => void;

/** A listener that throws has a bug that must not pass unseen, but the write has happened and others must hear of it. */
export function call(listener: Listener, events: readonly StorageEvent[]): void {
  try {
    listener(events);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
