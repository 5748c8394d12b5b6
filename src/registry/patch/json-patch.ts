// JSON Patch (RFC 6902) as upstream's library (evanphx/json-patch v4) applies it: negative indices count from the end, and
// `replace` may name a key that an object does not have.
import { copy, equal } from '../../util/equal.js';
import { isDeeper, MAX_JSON_DEPTH } from '../../util/json-keys.js';
import { writeJson } from '../../util/exact-json.js';

/** One operation; what it lacks or has wrong shows when it is applied. */
export interface Operation {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly from?: unknown;
  readonly value?: unknown;
}

/** An operation does not apply. Clients are told only that the patch is refused. */
export class JsonPatchError extends Error {}

/** What upstream allows in one patch. */
export const MAX_OPERATIONS = 10_000;
/** Bytes that the copies of one patch may add together, upstream's too: each copy may hold all those before it. */
const MAX_COPIED = 3 * 1024 * 1024;

type Container = unknown[] | Record<string, unknown>;

/**
 * @param document is left as it is
 * @returns the patched document
 * @throws JsonPatchError when an operation does not apply
 */
export function applyJsonPatch(document: unknown, operations: readonly Operation[]): unknown {
  const root = { document: copy(document), copied: 0 };
  for (const operation of operations) apply(root, operation);
  return root.document;
}

function apply(root: { document: unknown; copied: number }, operation: Operation): void {
  const path = pointer(operation.path, 'path');
  switch (operation.op) {
    case 'add':
      return add(root, path, given(operation));
    case 'remove':
      return void remove(root, path);
    case 'replace':
      return replace(root, path, given(operation));
    case 'move': {
      const from = pointer(operation.from, 'from');
      return add(root, path, remove(root, from));
    }
    case 'copy': {
      const value = get(root, pointer(operation.from, 'from'));
      root.copied += Buffer.byteLength(writeJson(value ?? null));
      if (root.copied > MAX_COPIED) throw new JsonPatchError(`the copies take more than ${MAX_COPIED} bytes`);
      return add(root, path, copy(value));
    }
    case 'test':
      if (!same(path === '' ? root.document : get(root, path), operation.value)) throw new JsonPatchError(`testing value ${path} failed`);
      return;
    default:
      throw new JsonPatchError(`Unexpected kind: ${String(operation.op)}`);
  }
}

/** An absent value is null; the document must not share anything with the patch, which may be applied again. */
function given(operation: Operation): unknown {
  return operation.value === undefined ? null : copy(operation.value);
}

function same(a: unknown, b: unknown): boolean {
  return (a === undefined || a === null) && (b === undefined || b === null) ? true : equal(a, b);
}

function pointer(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new JsonPatchError(`operation missing ${name} field`);
  return value;
}

/** The container that a pointer's last step is in, and that step. */
function find(root: { document: unknown }, path: string): { container: Container; key: string } {
  const steps = path.split('/').slice(1).map(unescape);
  const key = steps.pop();
  if (key === undefined) throw new JsonPatchError(`doc is missing path: ${path}`);
  let at: unknown = root.document;
  for (const step of steps) at = isContainer(at) ? read(at, step) : undefined;
  if (!isContainer(at)) throw new JsonPatchError(`doc is missing path: ${path}`);
  return { container: at, key };
}

function unescape(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** The position that a step means in a list. @throws JsonPatchError when it is no number within the list */
function indexOf(step: string, length: number): number {
  if (!/^[-+]?\d+$/.test(step)) throw new JsonPatchError(`value was not a proper array index: '${step}'`);
  const index = Number(step);
  if (index >= length || index < -length) throw new JsonPatchError(`Unable to access invalid index: ${index}`);
  return index < 0 ? index + length : index;
}

function read(container: Container, step: string): unknown {
  if (Array.isArray(container)) return container[indexOf(step, container.length)];
  return Object.hasOwn(container, step) ? container[step] : undefined;
}

function write(container: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
}

function get(root: { document: unknown }, path: string): unknown {
  const { container, key } = find(root, path);
  return read(container, key);
}

/** No operation may nest the document deeper than a body may be. */
function checkDepth(path: string, value: unknown): void {
  if (isDeeper(value, MAX_JSON_DEPTH - path.split('/').length + 1)) throw new JsonPatchError(`${path} would be nested too deep`);
}

function add(root: { document: unknown }, path: string, value: unknown): void {
  checkDepth(path, value);
  const { container, key } = find(root, path);
  if (!Array.isArray(container)) write(container, key, value);
  else if (key === '-') container.push(value);
  else container.splice(indexOf(key, container.length + 1), 0, value);
}

function remove(root: { document: unknown }, path: string): unknown {
  const { container, key } = find(root, path);
  if (Array.isArray(container)) return container.splice(indexOf(key, container.length), 1)[0];
  if (!Object.hasOwn(container, key)) throw new JsonPatchError(`Unable to remove nonexistent key: ${key}`);
  const value = container[key];
  delete container[key];
  return value;
}

function replace(root: { document: unknown }, path: string, value: unknown): void {
  if (path === '') {
    if (!isContainer(value)) throw new JsonPatchError('replace operation value must be object or array');
    root.document = value;
    return;
  }
  checkDepth(path, value);
  const { container, key } = find(root, path);
  if (Array.isArray(container)) container[indexOf(key, container.length)] = value;
  else write(container, key, value);
}
