// What a part of the comparison is: it makes conversations about a resource.
import type { Resource } from '../resources.js';
import type { Schema } from '../schema.js';
import type { Fields } from '../seeds.js';
import type { Request } from '../servers.js';

/** What a part knows when it makes its conversations. */
export interface Subject {
  readonly resource: Resource;
  readonly schema: Schema;
  /** Valid objects, the smallest first. They exist in the namespace, unless the resource cannot be created and kept. */
  readonly seeds: readonly Fields[];
  /** A namespace of the run's own, on both servers. */
  readonly namespace: string;
  /** The path of the resource's collection in it. */
  readonly collection: string;
  /** Of the mutations at places an earlier seed has too, one in so many is made. */
  readonly again: number;
}

/**
 * A request. In its path and body `${0.metadata.resourceVersion}` is that part of what the same server answered to step 0 of
 * the conversation, `${seed:0.metadata.uid}` that of the first seed.
 */
export interface Step extends Request {
  /** A watch: how many milliseconds it is read. */
  readonly readFor?: number;
}

/** Requests sent one after another; no conversation of a part depends on another. */
export interface Conversation {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** A family of conversations. */
export interface Part {
  readonly name: string;
  /** Whether the seeds must exist. */
  readonly needsSeeds: boolean;
  conversations(subject: Subject): Iterable<Conversation>;
}

/** The name of an object, as a path segment. */
export function nameOf(object: Fields): string {
  const { name } = (object.metadata ?? {}) as Fields;
  return encodeURIComponent(typeof name === 'string' ? name : '');
}

export const JSON_BODY = { 'content-type': 'application/json' } as const;
