// Kinds. A folder is a group and version, a file in it a resource with its name: what is special about it, and nothing else
// (definition.ts says what that can be, context.ts what it may use); kinds.gen.ts lists them all. What kinds share is in meta/
// (of every object) and shared/ (of several kinds); schema/ reads and normalizes objects by their types, facts.ts gives what is
// known of the API as data.
import type { Definition, GroupVersionKind } from './definition.js';
import { apiVersionOf, resourcePath } from './meta/object.js';

/** Every definition of a server, by group, version and resource. CRDs come and go; the rest is fixed at start. */
export class Definitions {
  readonly #byPath = new Map<string, Definition>();
  readonly #listeners = new Set<() => void>();
  #revision = 0;

  /** @param definitions those that are there from the start. @throws Error as `add` does */
  constructor(definitions: readonly Definition[] = []) {
    for (const definition of definitions) this.add(definition);
  }

  /** Goes up with every change: what is derived from all definitions is made anew. */
  get revision(): number {
    return this.#revision;
  }
  /** @throws Error for a second definition of the same resource, or of the same kind in a group and version */
  add(definition: Definition): void {
    const key = resourcePath(definition);
    if (this.#byPath.has(key)) throw new Error(`two definitions of ${key}`);
    if (this.byKind(definition)) throw new Error(`two definitions of kind ${definition.kind} in ${apiVersionOf(definition)}`);
    this.#byPath.set(key, definition);
    this.#revision++;
  }
  /**
   * Puts definitions of a resource in the place of those there are: one for each version that is served, maybe none.
   * @throws Error as `add` does
   */
  replace(resource: { readonly group: string; readonly resource: string }, definitions: readonly Definition[]): void {
    for (const [key, d] of this.#byPath) if (d.group === resource.group && d.resource === resource.resource) this.#byPath.delete(key);
    this.#revision++;
    for (const definition of definitions) this.add(definition);
    for (const listener of this.#listeners) listener();
  }
  /** Calls `listener` after resources have come or gone. @returns ends that */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  /** @returns undefined when no such resource is served */
  find(group: string, version: string, resource: string): Definition | undefined {
    return this.#byPath.get(resourcePath({ group, version, resource }));
  }
  /** The definition of a kind; undefined: none is served. */
  byKind(gvk: GroupVersionKind): Definition | undefined {
    return this.all().find((d) => d.group === gvk.group && d.version === gvk.version && d.kind === gvk.kind);
  }
  /** In the order in which they were added. */
  all(): Definition[] {
    return [...this.#byPath.values()];
  }
}
