/** A part of an atomic batch: put, or (value undefined) remove. */
export interface Operation {
  readonly key: string;
  readonly value: Buffer | undefined;
}

/** A record of the medium. The value must not be modified. */
export type Row = readonly [key: string, value: Buffer];

/** A range of records as it was when the scan was made, whatever is written meanwhile. */
export interface Scan {
  /** Up to `limit` further records in the order of their keys; none: the end. */
  next(limit: number): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/**
 * What EmbeddedStorage writes on: an ordered map of records that takes atomic batches. It knows nothing of revisions.
 * Any error it throws means that the medium cannot be used for the moment.
 */
export interface Medium {
  readonly durable: boolean;
  /** Returns at once: no write can come between the look and what the caller makes of it. */
  get(key: string): Buffer | undefined;
  /** All or nothing, and on the disk when it resolves. After a rejection the batch may or may not be there: see reopen. */
  write(batch: readonly Operation[]): Promise<void>;
  /** Records with `from` <= key < `to`. The view is taken now, not at the first `next`. */
  scan(from: string, to: string): Scan;
  /** Called after a failed write: makes the medium usable again and brings out whether that batch is there. */
  reopen(): Promise<void>;
  /** Rejects when what is written from now on would be lost. */
  check(): Promise<void>;
  close(): Promise<void>;
}
