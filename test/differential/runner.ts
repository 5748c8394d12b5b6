// Holds the conversations of the chosen parts with both servers, step by step, and reports what differs.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Context, compared, context } from './compare.js';
import type { Definition } from './custom-definitions.js';
import { hash } from './mutations.js';
import type { Conversation, Part, Step, Subject } from './parts/part.js';
import { nameOf } from './parts/part.js';
import type { Report } from './report.js';
import { collectionPath, type Resource } from './resources.js';
import { schemaOf } from './schema.js';
import { type Fields, seedsOf } from './seeds.js';
import type { Answer, Request, Side } from './servers.js';

export interface Settings {
  readonly reference: Side;
  readonly kubemu: Side;
  readonly report: Report;
  readonly parts: readonly Part[];
  /** Distinguishes the names of this run from those of others. */
  readonly run: string;
  /** Of the conversations of a part about a resource, one in so many is held. */
  readonly oneIn: number;
  /** Of these, those whose names match. */
  readonly only: RegExp;
  readonly seeds: number;
  /** Of the mutations at places an earlier seed has too, one in so many is made. */
  readonly again: number;
}

/** What a server answered so far: by step, and `seed:N`. */
type Seen = Record<string, unknown>;

interface Pair<T> {
  readonly reference: T;
  readonly kubemu: T;
}

const AT_ONCE = 8;
/** So many times as long a watch is read once more when it seems to differ. */
const PATIENCE = 20;
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const TRIES = 150;
const BETWEEN_TRIES_MS = 200;
const REFERENCE = /\$\{([^}]+)\}/g;

export class Runner {
  readonly #settings: Settings;
  #namespaces = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Compares everything about one resource. @throws Error when a namespace cannot be made */
  async run(resource: Resource): Promise<void> {
    const schema = schemaOf(resource);
    if (!schema) throw new Error(`${resource.kind} has no schema`);
    const namespace = `differ-${this.#settings.run}-${this.#namespaces++}`;
    const made = await this.#both({ method: 'POST', path: '/api/v1/namespaces', body: JSON.stringify({ metadata: { name: namespace } }) });
    if (made.reference.status !== 201 || made.kubemu.status !== 201)
      throw new Error(`namespace ${namespace}: ${made.reference.status}, ${made.kubemu.status}`);
    const collection = collectionPath(resource, namespace);
    if (resource.custom) await this.#define(resource.custom.definition, collection);
    const templates = seedsOf(resource, schema, this.#settings.seeds);
    const seeds = distinct(JSON.parse(JSON.stringify(templates).replaceAll('${ns}', namespace)) as Fields[], namespace);
    const { again } = this.#settings;
    const subject: Subject = { resource, schema, seeds, namespace, collection, again };
    try {
      for (const part of this.#settings.parts) await this.#part(part, subject);
    } finally {
      await this.#remove(`/api/v1/namespaces/${namespace}`);
      if (resource.custom) await this.#undefine(resource.custom.definition);
    }
  }

  /** Creates the definition of a custom resource and waits until both servers know the resource. */
  async #define(definition: Definition, collection: string): Promise<void> {
    await this.#undefine(definition);
    await this.#both({ method: 'POST', path: DEFINITIONS, body: JSON.stringify(definition) });
    await this.#until(200, collection);
  }

  /** Removes a definition and all objects of it, which an earlier run may have left. */
  async #undefine(definition: Definition): Promise<void> {
    const path = `${DEFINITIONS}/${nameOf(definition)}`;
    await this.#both({ method: 'DELETE', path });
    const { group, names, versions } = definition.spec;
    const left = await this.#both({ method: 'GET', path: `/apis/${group}/${versions[0]?.name}/${names.plural}` });
    for (const answer of [left.reference, left.kubemu]) {
      const { items = [] } = (parsed(answer) ?? {}) as { items?: { metadata: { namespace?: string; name: string } }[] };
      for (const { metadata } of items) {
        const within = metadata.namespace === undefined ? '' : `namespaces/${metadata.namespace}/`;
        await this.#remove(`/apis/${group}/${versions[0]?.name}/${within}${names.plural}/${metadata.name}`);
      }
    }
    await this.#until(404, path);
  }

  /** @throws Error when a server still answers otherwise after a while */
  async #until(status: number, path: string): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const { reference, kubemu } = await this.#both({ method: 'GET', path });
      if (reference.status === status && kubemu.status === status) return;
      await sleep(BETWEEN_TRIES_MS);
    }
    throw new Error(`${path} is not answered with ${status}`);
  }

  async #part(part: Part, subject: Subject): Promise<void> {
    const { resource, seeds, collection } = subject;
    const existing: Pair<Seen> = { reference: {}, kubemu: {} };
    const kept = part.needsSeeds && resource.verbs.includes('delete') && resource.verbs.includes('create');
    for (const [i, seed] of kept ? seeds.entries() : []) {
      // what an earlier part has deleted may go a little later, or wait for a controller that removes a finalizer
      await this.#remove(`${collection}/${nameOf(seed)}`);
      await this.#until(404, `${collection}/${nameOf(seed)}`);
      const { reference, kubemu } = await this.#both({ method: 'POST', path: collection, body: JSON.stringify(seed) });
      for (const [side, answer] of [
        ['reference', reference],
        ['kubemu', kubemu],
      ] as const)
        existing[side][`seed:${i}`] = parsed(answer);
      if (reference.status !== 201 || kubemu.status !== 201)
        console.error(
          `${part.name} ${resource.name}: seed ${i} ${reference.status}/${kubemu.status}: ${reference.body.toString().slice(0, 300)}`,
        );
    }
    await this.#hold(this.#chosen(part.conversations(subject)), part, subject, existing);
    if (kept) for (const seed of seeds) await this.#remove(`${collection}/${nameOf(seed)}`);
  }

  /** The conversations that fall to this run: the same ones each time, spread over the whole list. */
  *#chosen(all: Iterable<Conversation>): Iterable<Conversation> {
    const { oneIn, only } = this.#settings;
    for (const c of all) if (only.test(c.name) && (oneIn === 1 || hash(c.name + (c.steps[0]?.path ?? '')) % oneIn === 0)) yield c;
  }

  /** Several conversations at once: they do not know of each other. */
  async #hold(conversations: Iterable<Conversation>, part: Part, subject: Subject, existing: Pair<Seen>): Promise<void> {
    const source = conversations[Symbol.iterator]();
    const one = async (): Promise<void> => {
      for (let next = source.next(); !next.done; next = source.next()) await this.#converse(next.value, part, subject, existing);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }

  async #converse({ name, steps }: Conversation, part: Part, subject: Subject, existing: Pair<Seen>): Promise<void> {
    const { report } = this.#settings;
    const ctx: Context = context(subject.namespace, [subject.seeds, ...steps.map((s) => sent(s))]);
    const seen = { reference: { ...existing.reference }, kubemu: { ...existing.kubemu } };
    const resource = `${subject.resource.groupVersion}/${subject.resource.name}`;
    for (const [i, step] of steps.entries()) {
      let answers = await this.#ask(step, seen, step.readFor);
      seen.reference[i] = parsed(answers.reference);
      seen.kubemu[i] = parsed(answers.kubemu);
      let differences = compared(answers.reference, answers.kubemu, ctx);
      // on a busy machine not all may have come in time
      if (differences.length > 0 && step.readFor !== undefined) {
        answers = await this.#ask(step, seen, step.readFor * PATIENCE);
        differences = compared(answers.reference, answers.kubemu, ctx);
      }
      if (differences.length === 0) report.same(resource);
      else report.different({ resource, part: part.name, name, request: step, ...answers, differences });
    }
  }

  async #ask(step: Step, seen: Pair<Seen>, readFor: number | undefined): Promise<Pair<Answer>> {
    const [reference, kubemu] = await Promise.all([
      this.#settings.reference.send(filledIn(step, seen.reference), readFor),
      this.#settings.kubemu.send(filledIn(step, seen.kubemu), readFor),
    ]);
    return { reference, kubemu };
  }

  async #both(request: Request): Promise<Pair<Answer>> {
    const whole = { ...request, headers: { 'content-type': 'application/json', ...request.headers } };
    const [reference, kubemu] = await Promise.all([this.#settings.reference.send(whole), this.#settings.kubemu.send(whole)]);
    return { reference, kubemu };
  }

  /** Deletes an object for good, whatever finalizers it has: no controllers are there to remove them. */
  async #remove(path: string): Promise<void> {
    await this.#both({ method: 'DELETE', path: `${path}?gracePeriodSeconds=0` });
    const left = await this.#both({ method: 'GET', path });
    if (left.reference.status === 404 && left.kubemu.status === 404) return;
    const isNamespace = path.startsWith('/api/v1/namespaces/') && path.split('/').length === 5;
    if (isNamespace)
      await this.#both({
        method: 'PUT',
        path: `${path}/finalize`,
        body: JSON.stringify({ kind: 'Namespace', apiVersion: 'v1', metadata: { name: path.split('/').at(-1) }, spec: {} }),
      });
    else
      await this.#both({
        method: 'PATCH',
        path,
        headers: { 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify({ metadata: { finalizers: null } }),
      });
  }
}

/** Seeds that exist beside each other need names of their own; of those whose names say more, the rest has to say it too. */
function distinct(seeds: readonly Fields[], namespace: string): Fields[] {
  const used = new Set<string>();
  return seeds.map((given, i) => {
    const { name = `${namespace}-seed` } = (given.metadata ?? {}) as { name?: string };
    const isTaken = used.has(name);
    const seed =
      isTaken && name.includes(`${namespace}.`)
        ? (JSON.parse(JSON.stringify(given).replaceAll(`${namespace}.`, `${namespace}-${i}.`)) as Fields)
        : given;
    const metadata = (seed.metadata ?? {}) as Fields;
    const own = isTaken && seed === given ? `${name}${i}` : ((metadata.name as string | undefined) ?? name);
    used.add(own);
    const { generateName: _, ...rest } = metadata;
    return { ...seed, metadata: { ...rest, name: own, ...(metadata.namespace !== undefined && { namespace }) } };
  });
}

function sent({ body }: Step): unknown {
  if (typeof body !== 'string') return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

function filledIn(step: Step, seen: Seen): Request {
  const fill = (text: string): string => text.replace(REFERENCE, (whole, ref: string) => lookup(seen, ref) ?? whole);
  return { ...step, path: fill(step.path), ...(typeof step.body === 'string' && { body: fill(step.body) }) };
}

function lookup(seen: Seen, reference: string): string | undefined {
  const found = reference.split('.').reduce<unknown>((v, k) => (v as Fields | undefined)?.[k], seen);
  return typeof found === 'string' ? found : undefined;
}

function parsed({ body }: Answer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}
