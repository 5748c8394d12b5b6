// The JSONPath that printer columns and selectable fields are written in: `.spec.containers[*].image`,
// `.status.conditions[?(@.type=="Ready")].status`, `.metadata.labels.a\.b`. https://kubernetes.io/docs/reference/kubectl/jsonpath/

/** A path that cannot be read. */
export class JsonPathError extends Error {}

type Values = readonly unknown[];
type Step = (values: Values) => unknown[];

/**
 * @returns finds the values a path leads to; none where something on the way is missing
 * @throws JsonPathError
 */
export function jsonPath(path: string): (root: unknown) => unknown[] {
  const steps = parse(path);
  return (root) => steps.reduce<unknown[]>((values, step) => step(values), [root]);
}

const NAME = /^\.((?:\\.|[^.[\\])+)/s;
const QUOTED = /^\[(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\]/s;
const INDEX = /^\[(-?\d+)\]/;
const SLICE = /^\[(-?\d+)?:(-?\d+)?\]/;
const ALL = /^(?:\[\*\]|\.\*)/;
const FILTER = /^\[\?\(\s*@((?:"[^"]*"|'[^']*'|[^"')])*)\)\]/;
const COMPARISON = /^(.*?)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*$/s;

function parse(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path === '.' ? '' : path;
  while (rest !== '') {
    const [step, length] = nextStep(rest);
    steps.push(step);
    rest = rest.slice(length);
  }
  return steps;
}

function nextStep(rest: string): [Step, number] {
  const all = ALL.exec(rest);
  if (all) return [(values) => values.flatMap(children), all[0].length];
  const name = NAME.exec(rest);
  if (name) return [field((name[1] as string).replace(/\\(.)/gs, '$1')), name[0].length];
  const quoted = QUOTED.exec(rest);
  if (quoted) return [field((quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/gs, '$1')), quoted[0].length];
  const index = INDEX.exec(rest);
  if (index) return [(values) => values.flatMap((v) => (Array.isArray(v) ? slot(v, Number(index[1])) : [])), index[0].length];
  const slice = SLICE.exec(rest);
  if (slice) {
    const [text, from, to] = slice;
    const cut = (v: unknown[]): unknown[] => v.slice(from === undefined ? 0 : Number(from), to === undefined ? undefined : Number(to));
    return [(values) => values.flatMap((v) => (Array.isArray(v) ? cut(v) : [])), text.length];
  }
  const filter = FILTER.exec(rest);
  if (filter) {
    const test = predicate((filter[1] as string).trim());
    return [(values) => values.flatMap((v) => (Array.isArray(v) ? v.filter(test) : [])), filter[0].length];
  }
  throw new JsonPathError(`cannot read the path at ${JSON.stringify(rest)}`);
}

function children(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function field(name: string): Step {
  return (values) =>
    values.flatMap((v) =>
      typeof v === 'object' && v !== null && !Array.isArray(v) && Object.hasOwn(v, name) ? [(v as Record<string, unknown>)[name]] : [],
    );
}

function slot(list: readonly unknown[], index: number): unknown[] {
  const at = index < 0 ? list.length + index : index;
  return at >= 0 && at < list.length ? [list[at]] : [];
}

function predicate(text: string): (item: unknown) => boolean {
  const found = COMPARISON.exec(text);
  const left = jsonPath(found ? (found[1] as string) : text);
  if (!found) return (item) => left(item).length > 0;
  const [, , operator, literal] = found;
  const right = operand(literal as string);
  return (item) => {
    const [a] = left(item);
    return a !== undefined && compare(a, right(item), operator as string);
  };
}

function operand(literal: string): (item: unknown) => unknown {
  if (literal.startsWith('@')) {
    const path = jsonPath(literal.slice(1));
    return (item) => path(item)[0];
  }
  const quoted = /^(?:"(.*)"|'(.*)')$/s.exec(literal);
  const value: unknown = quoted ? (quoted[1] ?? quoted[2]) : literal === 'true' ? true : literal === 'false' ? false : Number(literal);
  return () => value;
}

function compare(a: unknown, b: unknown, operator: string): boolean {
  if (typeof a !== typeof b) return false;
  const [x, y] = [a as number, b as number];
  switch (operator) {
    case '==':
      return x === y;
    case '!=':
      return x !== y;
    case '<':
      return x < y;
    case '<=':
      return x <= y;
    case '>':
      return x > y;
    default:
      return x >= y;
  }
}
