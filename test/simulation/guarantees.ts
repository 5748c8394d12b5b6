// The guarantees of a watch, each a function over what one watcher was told and what really happened. Their names are
// those of etcd's robustness tests (tests/robustness/validate/watch.go there); each returns a complaint or nothing.
import type { ChangeType } from '../../src/watch/change.js';

/** One write that really happened. */
export interface Fact {
  readonly revision: number;
  readonly key: string;
  /** undefined: deleted. */
  readonly text: string | undefined;
  readonly previous: string | undefined;
}

/** One thing a watcher was told, in the order of telling. */
export type Told =
  | {
      readonly what: 'change';
      readonly type: ChangeType;
      readonly key: string;
      readonly text: string;
      readonly revision: number;
      readonly call: number;
    }
  /** An initial item: part of the state at the revision where the watch began. */
  | { readonly what: 'initial'; readonly key: string; readonly text: string; readonly revision: number }
  | { readonly what: 'initialized'; readonly revision: number }
  | { readonly what: 'bookmark'; readonly revision: number }
  /** The watch was begun, or begun again, after this revision (0: with initial items). */
  | { readonly what: 'begun'; readonly after: number; readonly initial: boolean }
  | { readonly what: 'expired' };

export interface Testimony {
  readonly prefix: string;
  readonly matches: (text: string) => boolean;
  readonly told: readonly Told[];
  /** The revision up to which the watcher must have heard everything, as it was up to date at the end. */
  readonly complete: number;
}

type Guarantee = (testimony: Testimony, facts: readonly Fact[]) => string | undefined;

/** What a watcher with this prefix and selector has to be told of a write. */
function due({ prefix, matches }: Testimony, fact: Fact): { type: ChangeType; text: string } | undefined {
  if (!fact.key.startsWith(prefix)) return undefined;
  const before = fact.previous !== undefined && matches(fact.previous);
  if (fact.text !== undefined && matches(fact.text)) return { type: before ? 'MODIFIED' : 'ADDED', text: fact.text };
  return before ? { type: 'DELETED', text: fact.previous as string } : undefined;
}

/** Only what the prefix and the selector ask for is told, as what it is to this watcher. */
const filtered: Guarantee = (testimony, facts) => {
  for (const told of testimony.told) {
    if (told.what === 'initial' && !(told.key.startsWith(testimony.prefix) && testimony.matches(told.text)))
      return `initial ${told.key}=${told.text}`;
    if (told.what !== 'change') continue;
    const fact = facts[told.revision - 1];
    const expected = fact && due(testimony, fact);
    if (!expected) return `revision ${told.revision} does not concern this watcher`;
    if (expected.type !== told.type || fact.key !== told.key)
      return `revision ${told.revision} told as ${told.type} ${told.key}, is ${expected.type} ${fact.key}`;
  }
  return undefined;
};

/** Revisions never go back within one watch. */
const ordered: Guarantee = ({ told }) => {
  let last = 0;
  for (const t of told) {
    if (t.what === 'begun') last = t.after;
    if (t.what === 'change' && t.revision < last) return `revision ${t.revision} after ${last}`;
    if (t.what === 'change') last = t.revision;
  }
  return undefined;
};

/** Nothing is told twice, not even over restarts. */
const unique: Guarantee = ({ told }) => {
  let seen = new Set<number>();
  for (const t of told) {
    if (t.what === 'begun' && t.initial) seen = new Set();
    if (t.what !== 'change') continue;
    if (seen.has(t.revision)) return `revision ${t.revision} twice`;
    seen.add(t.revision);
  }
  return undefined;
};

/** Initial items are one whole state: that at the revision of the marker, each once. */
const atomic: Guarantee = (testimony, facts) => {
  let items: string[] | undefined;
  for (const t of testimony.told) {
    if (t.what === 'begun') items = t.initial ? [] : undefined;
    if (t.what === 'change' && items) return `revision ${t.revision} among the initial items`;
    if (t.what === 'initial') items?.push(`${t.key}=${t.text}@${t.revision}`);
    if (t.what !== 'initialized') continue;
    const expected = [...stateAt(facts, t.revision)]
      .filter(([key, fact]) => key.startsWith(testimony.prefix) && testimony.matches(fact.text ?? ''))
      .map(([key, fact]) => `${key}=${fact.text}@${fact.revision}`)
      .sort();
    if (items?.join() !== expected.join()) return `initial items at ${t.revision}: ${items?.join()} instead of ${expected.join()}`;
    items = undefined;
  }
  return undefined;
};

/** After a bookmark nothing comes that is not younger, and all that is not younger has come (see reliable). */
const bookmarkable: Guarantee = ({ told }) => {
  let bookmark = 0;
  for (const t of told) {
    if (t.what === 'begun') bookmark = t.after;
    if (t.what === 'bookmark' && t.revision < bookmark) return `bookmark ${t.revision} after ${bookmark}`;
    if (t.what === 'bookmark') bookmark = t.revision;
    if (t.what === 'change' && t.revision <= bookmark) return `revision ${t.revision} after the bookmark ${bookmark}`;
  }
  return undefined;
};

/** A watch begun after a revision tells of the first due write behind it first. */
const resumable: Guarantee = (testimony, facts) => {
  let after: number | undefined;
  for (const t of testimony.told) {
    if (t.what === 'begun') after = t.initial ? undefined : t.after;
    if (t.what === 'initialized') after = t.revision;
    if (t.what !== 'change' || after === undefined) continue;
    const first = facts.find((fact) => fact.revision > (after as number) && due(testimony, fact));
    if (first?.revision !== t.revision) return `begun after ${after}, first told of ${t.revision} instead of ${first?.revision}`;
    after = undefined;
  }
  return undefined;
};

/** Whatever is due between what the watcher has seen is told: no gaps, up to each bookmark and to the end. */
const reliable: Guarantee = (testimony, facts) => {
  let position: number | undefined;
  const gap = (until: number): string | undefined => {
    const missed = facts.find((fact) => fact.revision > (position as number) && fact.revision < until && due(testimony, fact));
    return missed && `revision ${missed.revision} was not told (${position} to ${until})`;
  };
  for (const t of testimony.told) {
    if (t.what === 'begun') position = t.initial ? undefined : t.after;
    if (t.what === 'initialized') position = t.revision;
    if (t.what === 'expired') position = undefined;
    if ((t.what !== 'change' && t.what !== 'bookmark') || position === undefined) continue;
    const complaint = gap(t.what === 'bookmark' ? t.revision + 1 : t.revision);
    if (complaint) return complaint;
    position = t.revision;
  }
  return position === undefined ? undefined : gap(testimony.complete + 1);
};

/** A deletion shows what was there last, any other change what was written. */
const rightValue: Guarantee = (testimony, facts) => {
  for (const t of testimony.told) {
    if (t.what !== 'change') continue;
    const expected = due(testimony, facts[t.revision - 1] as Fact)?.text;
    if (expected !== t.text) return `revision ${t.revision} shows ${t.text} instead of ${expected}`;
  }
  return undefined;
};

export const GUARANTEES: Readonly<Record<string, Guarantee>> = {
  filtered,
  ordered,
  unique,
  atomic,
  bookmarkable,
  resumable,
  reliable,
  rightValue,
};

/** What was there at a revision. */
export function stateAt(facts: readonly Fact[], revision: number): Map<string, Fact> {
  const state = new Map<string, Fact>();
  for (const fact of facts.slice(0, revision)) {
    if (fact.text === undefined) state.delete(fact.key);
    else state.set(fact.key, fact);
  }
  return state;
}
