// What differs from run to run (uids, versions, times, addresses) is replaced by names, on both sides of the comparison.

/** What one case has sent and seen so far. */
export interface Normalizing {
  readonly ns: string;
  readonly sent: Scalars;
  readonly seen: Record<string, string[]>;
  readonly generated: readonly RegExp[];
  readonly managedFields: boolean;
}

export interface Scalars {
  readonly strings: Set<string>;
  readonly numbers: Set<number>;
  /** Values of generateName. */
  readonly prefixes: Set<string>;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIMES = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
/** Lists that the reference server puts in no particular order. */
export const UNORDERED: ReadonlySet<string> = new Set(['causes', 'managedFields', 'resourceRules', 'nonResourceRules']);

type Fields = Record<string, unknown>;

export function isObject(v: unknown): v is Fields {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

export function scalars(v: unknown, out: Scalars = { strings: new Set(), numbers: new Set(), prefixes: new Set() }): Scalars {
  if (typeof v === 'string') out.strings.add(v);
  else if (typeof v === 'number') out.numbers.add(v);
  else if (Array.isArray(v)) for (const x of v) scalars(x, out);
  else if (isObject(v))
    for (const [k, x] of Object.entries(v)) {
      if (k === 'generateName' && typeof x === 'string' && x !== '') out.prefixes.add(x);
      scalars(x, out);
    }
  return out;
}

/** Patterns of the names that the server may have generated. */
export function generatedNames(sent: Scalars): RegExp[] {
  return [...sent.prefixes].map(
    (p) => new RegExp(`(${p.replaceAll('${ns}', '<ns>').replace(/[^\w<>-]/g, '\\$&')})[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])`, 'g'),
  );
}

export function normalize(value: unknown, ctx: Normalizing, key = '', parent?: unknown): unknown {
  if (typeof value === 'string') return normalizeText(value, ctx, key, isObject(parent) ? parent : {});
  if (typeof value === 'number') {
    const port = (key === 'nodePort' || key === 'healthCheckNodePort') && value >= 30000 && value <= 32767 && !ctx.sent.numbers.has(value);
    return port ? '<nodeport>' : value;
  }
  if (Array.isArray(value)) {
    if (key === 'cells')
      return value.map((v) => (typeof v === 'string' && /^(\d+[smhdy])+$/.test(v) ? '<age>' : normalize(v, ctx, '', value)));
    const list = value.map((v) => normalize(v, ctx, '', value));
    return UNORDERED.has(key) ? list.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)) : list;
  }
  return isObject(value) ? normalizeObject(value, ctx) : value;
}

function normalizeObject(value: Fields, ctx: Normalizing): Fields {
  const out: Fields = {};
  const details = isObject(value.details) ? value.details : {};
  let v = value;
  // the causes of a Status say what its message says once more
  if (Array.isArray(details.causes) && details.causes.length > 1 && typeof v.message === 'string')
    v = { ...v, message: v.message.replace(/(?<=: )\[[^]*\]/, '<causes>') };
  if (v.kind === 'APIResourceList' && Array.isArray(v.resources))
    v = { ...v, resources: [...v.resources].sort((a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)) };
  for (const k of Object.keys(v).sort()) {
    // prose that only documents a field carries no behaviour
    if (k === 'description' && typeof v[k] === 'string' && ('format' in v || 'type' in v) && 'priority' in v) continue;
    // who manages which field is compared only in the cases that are about it
    if (k === 'managedFields' && Array.isArray(v[k]) && !ctx.managedFields) continue;
    out[k.replace(UUID, '<uid>').replaceAll(ctx.ns, '<ns>')] = normalize(v[k], ctx, k, v);
  }
  return out;
}

function normalizeText(value: string, ctx: Normalizing, key: string, parent: Fields): string {
  if (key === 'continue' && value) return '<continue>';
  if (key === 'resourceVersion' || key === 'objectRV') return normalizeVersion(value, ctx, parent);
  if (key === 'uid' && typeof parent.name === 'string' && parent.name !== '' && new RegExp(`^${UUID.source}$`).test(value))
    return `<uid:${ordinal(ctx, `uid ${parent.name}`, value)}>`;
  if (key === 'token' && value.length > 100) return '<token>';
  if (key === 'serverAddress') return '<address>';
  if (key === 'storageVersionHash') return '<hash>';
  let s = value.replace(UUID, '<uid>').replaceAll(ctx.ns, '<ns>');
  for (const g of ctx.generated) s = s.replace(g, '$1<generated>');
  return withoutDumps(s)
    .replace(TIMES, (t) => (ctx.sent.strings.has(t) || Date.parse(t) < Date.UTC(2024, 0) ? t : '<time>'))
    .replace(/\b10\.96\.\d+\.\d+\b/g, (ip) => (ctx.sent.strings.has(ip) ? ip : '<clusterip>'))
    .replace(/(?<=:)3[0-2]\d{3}(?=\/)|(?<=\bnodePort: ?(?:\{[A-Z]+ )?)3[0-2]\d{3}\b/g, (p) =>
      ctx.sent.numbers.has(Number(p)) ? p : '<nodeport>',
    )
    .replace(/\b(?:\d+(?:h|m|s|ms|µs))+\b(?= ago)/g, '<age>')
    .replace(/(?<=\?hash=)[0-9A-F]+/g, '<hash>')
    .replace(/(?<=X509SHA256=)[0-9a-f]{64}/g, '<digest>')
    .replace(/(?<=in scheme ").*?(?=")/g, '<scheme>')
    .replace(/(?<=ResourceVersion in (?:(?:the precondition|record) \(|object meta: ))\d+/g, '<rv>')
    .replace(/(?<=resource version: )\d+(?: \(\d+\))?/g, '<rv>')
    .replace(/(?<=resource version: <rv>, current: )\d+/g, '<rv>');
}

function normalizeVersion(value: string, ctx: Normalizing, parent: Fields): string {
  if (value === '' || value === '0') return value;
  const entries = Array.isArray(parent.managedFields) ? (parent.managedFields as { operation?: string }[]) : [];
  // an apply that changes nothing may still write: the clock can reorder the entries of several managers
  const applied = entries.length > 1 && entries.some((m) => m.operation === 'Apply');
  return typeof parent.uid === 'string' && parent.uid !== '' && !applied ? `<rv:${ordinal(ctx, `rv ${parent.uid}`, value)}>` : '<rv>';
}

/** The ordinal of a value among those seen under a name: tells 'the same again' from 'another'. */
function ordinal(ctx: Normalizing, name: string, value: string): number {
  const seen = (ctx.seen[name] ??= []);
  if (!seen.includes(value)) seen.push(value);
  return seen.indexOf(value) + 1;
}

function sortKey(v: unknown): string {
  return isObject(v) && v.operation ? [v.operation, v.manager, v.subresource, v.apiVersion].join() : JSON.stringify(v);
}

/** Without what follows 'Invalid value: ' where the server prints a value of its own language's types (keys capitalized). */
function withoutDumps(text: string): string {
  let s = text;
  for (let from = 0, i = s.indexOf('Invalid value: {', from); i >= 0; i = s.indexOf('Invalid value: {', from)) {
    const start = i + 15;
    const end = endOfDump(s, start);
    if (/"[A-Z]\w*":/.test(s.slice(start, end))) s = `${s.slice(0, start)}<dump>${s.slice(end + 1)}`;
    from = start;
  }
  return s.replace(/\n@@ .*(\n[ +@-].*)*\n?/g, '\n<diff>').replace(/Invalid value: "\{\\".*?\}"(?=: )/g, 'Invalid value: <dump>');
}

function endOfDump(s: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let end = start; end < s.length; end++) {
    const ch = s[end];
    if (quoted) {
      if (ch === '\\') end++;
      else if (ch === '"') quoted = false;
    } else if (ch === '"') quoted = true;
    else if (ch === '{') depth++;
    else if (ch === '}' && --depth === 0) return end;
  }
  return s.length;
}

/** The parts of an answer that are compared. A path's keys are parted by '.', or by '/' when it begins with one. */
export function pick(body: unknown, wanted: readonly string[] | undefined): unknown {
  if (!wanted) return body;
  return Object.fromEntries(
    wanted.map((p) => [
      p,
      at(
        body,
        p.startsWith('/')
          ? p
              .slice(1)
              .split('/')
              .map((k) => k.replace(/~1/g, '/').replace(/~0/g, '~'))
          : p.split('.'),
      ) ?? '<absent>',
    ]),
  );
}

/** A part of a value; '*' stands for every entry, a last '#keys' for the sorted keys. */
export function at(v: unknown, keys: readonly string[]): unknown {
  const [k, ...rest] = keys;
  if (k === undefined || v === undefined || v === null) return v;
  if (k === '#keys') return Object.keys(v).sort();
  if (k === '*')
    return Array.isArray(v)
      ? v.map((x) => at(x, rest) ?? null)
      : Object.fromEntries(Object.entries(v).map(([n, x]) => [n, at(x, rest) ?? null]));
  return at((v as Fields)[k], rest);
}
