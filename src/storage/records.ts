import type { Operation } from './medium.js';
import { type Entry, StorageError, type StorageEvent } from './storage.js';

// The layout of the records. All numbers are big-endian.
//   k/<key>              8 bytes revision, then the value
//   h/<16-hex revision>  1 byte kind of write, 4 bytes length of the key, the key; unless it was a creation then
//                        8 bytes revision and the value of what was there before
//   m/revision           8 bytes: the revision of the last write
//   m/floor              8 bytes: history up to and including this revision is gone
// The new value of a write is not in its history record: it is in `k/`, or, if the key was written again, it is what was
// there before that next write. So the history costs a creation a few bytes.

const REVISION_SIZE = 8;

const KIND_CREATE = 1;
const KIND_UPDATE = 2;
const KIND_DELETE = 3;

export const REVISION_RECORD = 'm/revision';
export const FLOOR_RECORD = 'm/floor';

/** The name of the record that holds the present value of a key. */
export function valueRecord(key: string): string {
  return `k/${key}`;
}

/** The key whose present value a record holds. */
export function keyOf(record: string): string {
  return record.slice(2);
}

/** The name of the history record of a revision. */
export function historyRecord(revision: number): string {
  return `h/${revision.toString(16).padStart(16, '0')}`;
}

/** The end (exclusive) of all history records. */
export const HISTORY_END = 'h0';

/** @returns the number in a counter record, 0 when there is none */
export function decodeRevision(record: Buffer | undefined): number {
  return record === undefined ? 0 : readRevision(record, 0);
}

/** The content of a counter record. */
export function encodeRevision(revision: number): Buffer {
  const out = Buffer.alloc(REVISION_SIZE);
  writeRevision(out, revision, 0);
  return out;
}

/** The entry in a value record. The value shares the record's memory. */
export function decodeEntry(key: string, record: Buffer): Entry {
  return { key, value: record.subarray(REVISION_SIZE), revision: readRevision(record, 0) };
}

/** What a write puts into the medium: the present value and the history record. */
export function encodeEvent(event: StorageEvent): [Operation, Operation] {
  return [
    { key: valueRecord(event.key), value: event.value && encodeValue(event.revision, event.value) },
    { key: historyRecord(event.revision), value: encodeHistory(event) },
  ];
}

/** A write as its history record tells it: everything but the new value. */
export interface HistoryRecord {
  readonly key: string;
  readonly revision: number;
  readonly deleted: boolean;
  readonly previous: Entry | undefined;
}

/** @throws StorageError FOREIGN when the record makes no sense */
export function decodeHistory(name: string, record: Buffer): HistoryRecord {
  const kind = record[0];
  const keyEnd = 5 + record.readUInt32BE(1);
  if (kind === undefined || kind < KIND_CREATE || kind > KIND_DELETE || keyEnd > record.length) {
    throw new StorageError('FOREIGN', `history record ${name} is damaged`);
  }
  const key = record.toString('utf8', 5, keyEnd);
  return {
    key,
    revision: Number.parseInt(name.slice(2), 16),
    deleted: kind === KIND_DELETE,
    previous: kind === KIND_CREATE ? undefined : decodeEntry(key, record.subarray(keyEnd)),
  };
}

function encodeValue(revision: number, value: Buffer): Buffer {
  const out = Buffer.allocUnsafe(REVISION_SIZE + value.length);
  writeRevision(out, revision, 0);
  value.copy(out, REVISION_SIZE);
  return out;
}

function encodeHistory({ key, value, previous }: StorageEvent): Buffer {
  const keyLength = Buffer.byteLength(key);
  const keyEnd = 5 + keyLength;
  const out = Buffer.allocUnsafe(keyEnd + (previous ? REVISION_SIZE + previous.value.length : 0));
  out[0] = value === undefined ? KIND_DELETE : previous ? KIND_UPDATE : KIND_CREATE;
  out.writeUInt32BE(keyLength, 1);
  out.write(key, 5);
  if (previous) {
    writeRevision(out, previous.revision, keyEnd);
    previous.value.copy(out, keyEnd + REVISION_SIZE);
  }
  return out;
}

// Revisions are safe integers; 48 bits last for nearly 300 years at 30,000 writes a second.
function writeRevision(out: Buffer, revision: number, at: number): void {
  out.writeUInt16BE(0, at);
  out.writeUIntBE(revision, at + 2, 6);
}

function readRevision(record: Buffer, at: number): number {
  return record.readUIntBE(at + 2, 6);
}
