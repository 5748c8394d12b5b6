// How past states are read: the present one with younger events undone. Example, at revision 7 of
//
//     5 create a=1    6 create b=1    7 update a=2    8 delete a    9 create c=1
//
// present (9): b=1@6 c=1@9. Events after 7, oldest first: 8 found a=2@7, 9 found no c. So: a=2@7 b=1@6. Of several events
// of one key the first after the revision counts: what it found is what the key held at that revision.
import type { Medium, Row, Scan } from './medium.js';
import { decodeEntry, decodeHistory, HISTORY_END, type HistoryRecord, historyRecord, keyOf } from './records.js';
import { compareKeys, type Entry } from './storage.js';

/** Records read at once. */
const CHUNK = 1000;

/** A write and what it found. */
export interface Found {
  readonly key: string;
  readonly previous: Entry | undefined;
}

/** What the keys of the events held before them. */
export function before(events: readonly Found[]): Map<string, Entry | undefined> {
  const out = new Map<string, Entry | undefined>();
  for (const { key, previous } of events) if (!out.has(key)) out.set(key, previous);
  return out;
}

/** Calls `visit` with each history record after `after`, in order. The view of the history is taken before the first wait. */
export async function readHistory(medium: Medium, after: number, visit: (record: HistoryRecord) => void): Promise<void> {
  const scan = medium.scan(historyRecord(after + 1), HISTORY_END);
  try {
    for (let rows = await scan.next(CHUNK); rows.length > 0; rows = await scan.next(CHUNK)) {
      for (const [name, record] of rows) visit(decodeHistory(name, record));
    }
  } finally {
    await scan.close();
  }
}

/** The entries of a scan with those in `undone` put in their place: replaced, removed (undefined) or added. */
export async function* merged(scan: Scan, undone: ReadonlyMap<string, Entry | undefined>, chunk: number): AsyncGenerator<Entry> {
  const pending = [...undone.keys()].sort(compareKeys);
  let next = 0;
  for (let rows: readonly Row[] = await scan.next(chunk); rows.length > 0; rows = await scan.next(chunk)) {
    for (const [name, record] of rows) {
      const key = keyOf(name);
      for (; next < pending.length && compareKeys(pending[next] as string, key) < 0; next++) {
        const entry = undone.get(pending[next] as string);
        if (entry) yield entry;
      }
      if (pending[next] !== key) yield decodeEntry(key, record);
    }
  }
  for (; next < pending.length; next++) {
    const entry = undone.get(pending[next] as string);
    if (entry) yield entry;
  }
}
