// Reads the files of LevelDB 1.20 (log_format, table_format and version_edit of its documentation and source) without
// changing them, to judge them before LevelDB may: it repairs, drops and deletes as it opens.
import { crc32c, masked } from './crc32c.js';
import { uncompress } from './snappy.js';
import { Reader } from './varint.js';

/** A file that does not hold what LevelDB writes. */
export class Damage extends Error {}

const LOG_BLOCK = 32 * 1024;
const LOG_HEADER = 7;
// kinds of fragments; 3 is one in the middle
const FULL = 1;
const FIRST = 2;
const LAST = 4;

/** What a log file holds. */
export interface LogContent {
  readonly records: readonly Buffer[];
  /** How the last record breaks off, if it does: the file ends in it, or it is not what was meant to be written. */
  readonly torn: 'ends' | 'garbled' | undefined;
}

/**
 * Reads a log (a manifest is one too): records in blocks of 32 KiB, cut into fragments where they do not fit.
 *
 * A crash tears the last record, which nobody was told of: fragments may be cut short, empty or garbled. Whatever follows
 * in the file must then be a piece of the same record. The beginning of another record behind a torn one means that
 * something was damaged after it had been written.
 * @throws Damage
 */
export function readLog(data: Buffer): LogContent {
  const records: Buffer[] = [];
  let fragments: Buffer[] | undefined;
  let torn: LogContent['torn'];
  let at = 0;
  while (at < data.length) {
    const blockEnd = at - (at % LOG_BLOCK) + LOG_BLOCK;
    if (blockEnd - at < LOG_HEADER) {
      at = blockEnd;
      continue;
    }
    const fragment = readFragment(data, at, Math.min(blockEnd, data.length));
    if (fragment === undefined) {
      torn ??= data.length <= blockEnd && breaksOff(data, at) ? 'ends' : 'garbled';
      at = blockEnd;
      continue;
    }
    const { type, content } = fragment;
    at += LOG_HEADER + content.length;
    if (torn) {
      if (type === FULL || type === FIRST) throw new Damage(`garbled in the middle, before offset ${at}`);
      continue;
    }
    const begins = type === FULL || type === FIRST;
    if (begins === (fragments !== undefined)) throw new Damage(`a piece is missing before offset ${at}`);
    fragments ??= [];
    fragments.push(content);
    if (type === FULL || type === LAST) {
      records.push(fragments.length === 1 ? content : Buffer.concat(fragments));
      fragments = undefined;
    }
  }
  return { records, torn: torn ?? (fragments && 'ends') };
}

function readFragment(data: Buffer, at: number, end: number): { type: number; content: Buffer } | undefined {
  if (end - at < LOG_HEADER) return undefined;
  const contentAt = at + LOG_HEADER;
  const contentEnd = contentAt + data.readUInt16LE(at + 4);
  const type = data[at + 6] as number;
  if (contentEnd > end || type < FULL || type > LAST) return undefined;
  if (masked(crc32c(data, at + 6, contentEnd)) !== data.readUInt32LE(at)) return undefined;
  return { type, content: data.subarray(contentAt, contentEnd) };
}

/** Whether the file ends before the fragment that begins here does. */
function breaksOff(data: Buffer, at: number): boolean {
  return data.length - at < LOG_HEADER || at + LOG_HEADER + data.readUInt16LE(at + 4) > data.length;
}

/** What LevelDB knows of its own files. */
export interface Manifest {
  /** Logs from this number on hold what is not in tables yet. */
  readonly logNumber: number;
  /** Number to size in bytes of all live tables. */
  readonly tables: ReadonlyMap<number, number>;
}

/**
 * Adds up the edits in a manifest.
 * @throws Damage
 */
export function readManifest(data: Buffer): Manifest {
  const { records, torn } = readLog(data);
  if (torn === 'garbled') throw new Damage('garbled at its end');
  const tables = new Map<number, number>();
  const counters = new Map<number, number>();
  for (const record of records) readEdit(new Reader(record), tables, counters);
  const logNumber = counters.get(LOG_NUMBER);
  if (logNumber === undefined || !counters.has(NEXT_FILE) || !counters.has(LAST_SEQUENCE)) throw new Damage('cut short');
  return { logNumber, tables };
}

const COMPARATOR = 1;
const LOG_NUMBER = 2;
const NEXT_FILE = 3;
const LAST_SEQUENCE = 4;
const COMPACT_POINTER = 5;
const DELETED_FILE = 6;
const NEW_FILE = 7;
const PREVIOUS_LOG_NUMBER = 9;

function readEdit(input: Reader, tables: Map<number, number>, counters: Map<number, number>): void {
  const deleted: number[] = [];
  const added: [number, number][] = [];
  while (!input.done) {
    const tag = input.varint();
    switch (tag) {
      case COMPARATOR:
        input.slice();
        break;
      case LOG_NUMBER:
      case NEXT_FILE:
      case LAST_SEQUENCE:
      case PREVIOUS_LOG_NUMBER:
        counters.set(tag, input.varint());
        break;
      case COMPACT_POINTER:
        input.varint();
        input.slice();
        break;
      case DELETED_FILE:
        input.varint();
        deleted.push(input.varint());
        break;
      case NEW_FILE:
        input.varint();
        added.push([input.varint(), input.varint()]);
        input.slice();
        input.slice();
        break;
      default:
        throw new Damage(`unknown tag ${tag}`);
    }
  }
  // a table that only moves to another level is deleted and added in one edit
  for (const number of deleted) tables.delete(number);
  for (const [number, size] of added) tables.set(number, size);
}

const FOOTER = 48;
const TRAILER = 5;
const TABLE_MAGIC = Buffer.from('57fb808b247547db', 'hex');

interface Block {
  readonly at: number;
  readonly size: number;
}

/**
 * Checks a table to its last byte: data blocks, filter, their directories, footer.
 * @throws Damage
 */
export function checkTable(data: Buffer): void {
  const footer = data.length - FOOTER;
  if (footer < 0 || !data.subarray(-TABLE_MAGIC.length).equals(TABLE_MAGIC)) throw new Damage('it has no footer');
  const input = new Reader(data.subarray(footer, -TABLE_MAGIC.length));
  const metaIndex: Block = { at: input.varint(), size: input.varint() };
  const index: Block = { at: input.varint(), size: input.varint() };
  if (input.rest.some((byte) => byte !== 0)) throw new Damage('its footer is garbled');
  let end = 0;
  const next = (block: Block) => {
    if (block.at !== end) throw new Damage(`no block begins at offset ${end}`);
    end = block.at + block.size + TRAILER;
    checkBlock(data, block, footer);
  };
  checkBlock(data, index, footer);
  for (const block of indexed(blockContent(data, index))) next(block);
  const filter = metaIndex.at - end;
  if (filter !== 0) next({ at: end, size: filter - TRAILER });
  next(metaIndex);
  next(index);
  if (end !== footer) throw new Damage(`a gap at offset ${end}`);
}

function checkBlock(data: Buffer, { at, size }: Block, limit: number): void {
  const typeAt = at + size;
  if (size < 0 || typeAt + TRAILER > limit) throw new Damage(`a block at offset ${at} leads beyond the end`);
  if (masked(crc32c(data, at, typeAt + 1)) !== data.readUInt32LE(typeAt + 1)) throw new Damage(`the block at offset ${at} is garbled`);
}

function blockContent(data: Buffer, { at, size }: Block): Buffer {
  const content = data.subarray(at, at + size);
  return data[at + size] === 1 ? uncompress(content) : content;
}

/** The blocks an index block names, in order. */
function indexed(index: Buffer): Block[] {
  const restarts = index.readUInt32LE(index.length - 4);
  const input = new Reader(index.subarray(0, index.length - 4 * (restarts + 1)));
  const blocks: Block[] = [];
  while (!input.done) {
    input.varint();
    const keySize = input.varint();
    const valueSize = input.varint();
    input.bytes(keySize);
    const handle = new Reader(input.bytes(valueSize));
    blocks.push({ at: handle.varint(), size: handle.varint() });
  }
  return blocks;
}
