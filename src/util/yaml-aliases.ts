import { type Event, EVENT_ID } from 'js-yaml';

/** Far above what is allowed; keeps the sums finite. */
const ENOUGH = 1e12;

interface Node {
  readonly anchor: string;
  /** Values in it, those of aliases counted in full. */
  size: number;
}

/**
 * What is wrong with the aliases of a document: a few lines of them can stand for billions of values, or for no end of them.
 * The rule, its numbers and its words are go-yaml's.
 * @returns undefined: nothing
 */
export function aliasProblem(text: string, events: readonly Event[]): string | undefined {
  const sizes = new Map<string, number>();
  const open: Node[] = [{ anchor: '', size: 0 }];
  const unfinished = new Set<string>();
  let aliased = 0;
  const add = (anchor: string, size: number) => {
    (open.at(-1) as Node).size = Math.min((open.at(-1) as Node).size + size, ENOUGH);
    if (anchor !== '') sizes.set(anchor, size);
  };
  for (const event of events) {
    if (event.type === EVENT_ID.POP) {
      const node = open.length > 1 ? open.pop() : undefined;
      if (!node) continue;
      unfinished.delete(node.anchor);
      add(node.anchor, node.size);
      continue;
    }
    const name = 'anchorStart' in event && event.anchorStart >= 0 ? text.slice(event.anchorStart, event.anchorEnd) : '';
    if (event.type === EVENT_ID.SCALAR) add(name, 1);
    else if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) {
      open.push({ anchor: name, size: 1 });
      if (name !== '') unfinished.add(name);
    } else if (event.type === EVENT_ID.ALIAS) {
      if (unfinished.has(name)) return `anchor '${name}' value contains itself`;
      const size = sizes.get(name) ?? 0;
      add('', 1 + size);
      aliased = Math.min(aliased + size, ENOUGH);
    }
  }
  const total = (open[0] as Node).size;
  return aliased > 100 && total > 1000 && aliased / total > allowedShare(total) ? 'document contains excessive aliasing' : undefined;
}

/** The more values a document stands for, the fewer of them may come from aliases. */
function allowedShare(total: number): number {
  const [low, high] = [400_000, 4_000_000];
  if (total <= low) return 0.99;
  return total >= high ? 0.1 : 0.99 - 0.89 * ((total - low) / (high - low));
}
