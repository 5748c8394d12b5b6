// Gathers differences: those of one shape are one line with a count and one example, since they usually have one cause.
import { type Difference, told } from '../conformance/differences.js';
import { isObject } from '../conformance/normalize.js';
import { bodyOf } from './compare.js';
import { explanations } from './explained.js';
import type { Answer, Request } from './servers.js';

/** One request that the servers answered differently. */
export interface Mismatch {
  readonly resource: string;
  readonly part: string;
  readonly name: string;
  readonly request: Request;
  readonly reference: Answer;
  readonly kubemu: Answer;
  readonly differences: readonly Difference[];
}

interface Group {
  count: number;
  readonly resources: Map<string, number>;
  readonly examples: Mismatch[];
}

const EXAMPLES = 3;
/** Where the spec of a pod begins within other kinds. */
const TEMPLATE = /\bspec\.(?:jobTemplate\.spec\.)?template\.(?=spec)|\btemplate\.(?=spec\.)/g;

export class Report {
  readonly #compared = new Map<string, { same: number; different: number }>();
  readonly #groups = new Map<string, Group>();
  readonly #explained = new Map<string, number>();

  same(resource: string): void {
    this.#counts(resource).same++;
  }

  different(m: Mismatch): void {
    const why = explanations.find((e) => e.matches(m))?.why;
    if (why !== undefined) {
      this.#counts(m.resource).same++;
      this.#explained.set(why, (this.#explained.get(why) ?? 0) + 1);
      return;
    }
    this.#counts(m.resource).different++;
    const key = shape(m);
    const group = this.#groups.get(key) ?? { count: 0, resources: new Map<string, number>(), examples: [] };
    this.#groups.set(key, group);
    group.count++;
    group.resources.set(m.resource, (group.resources.get(m.resource) ?? 0) + 1);
    if (group.examples.length < EXAMPLES) group.examples.push(m);
  }

  /** How many requests were answered differently, without an explanation. */
  get differences(): number {
    return [...this.#compared.values()].reduce((sum, c) => sum + c.different, 0);
  }

  /** A line for each resource, then the groups, the most frequent first. */
  text(): string {
    const rows = [...this.#compared].map(
      ([r, c]) => `${r.padEnd(64)}${String(c.same + c.different).padStart(8)}${String(c.different).padStart(8)}`,
    );
    const total = [...this.#compared.values()].reduce((sum, c) => sum + c.same + c.different, 0);
    const groups = [...this.#groups].sort(([, a], [, b]) => b.count - a.count).map(([key, g]) => groupText(key, g));
    return [
      `${'resource'.padEnd(64)}${'compared'.padStart(8)}${'differ'.padStart(8)}`,
      ...rows,
      ...groups,
      '',
      ...[...this.#explained].map(([why, n]) => `${n} explained: ${why}`),
      `${total} answers compared, ${this.differences} differ, ${this.#groups.size} shapes`,
    ].join('\n');
  }

  #counts(resource: string): { same: number; different: number } {
    const counts = this.#compared.get(resource) ?? { same: 0, different: 0 };
    this.#compared.set(resource, counts);
    return counts;
  }
}

function groupText(key: string, { count, resources, examples }: Group): string {
  const where = [...resources].map(([r, n]) => `${r} ${n}`);
  const few = where.length > 6 ? [...where.slice(0, 6), `and ${where.length - 6} more`] : where;
  return [`\n${count} × ${key}`, `    in ${few.join(', ')}`, ...examples.slice(0, EXAMPLES).map(exampleText)].join('\n');
}

function exampleText({ name, part, request, reference, kubemu, differences: found }: Mismatch): string {
  const sent = request.body === undefined ? '' : ` ${short(request.body.toString(), 1500)}`;
  return [
    `    - ${part}: ${name}`,
    `      ${request.method} ${request.path} ${JSON.stringify(request.headers ?? {})}${sent}`,
    ...found.slice(0, 6).map((d) => `      ${told(d)}`),
    ...(reference.status === kubemu.status
      ? []
      : [
          `      reference ${reference.status} ${short(reference.body.toString(), 600)}`,
          `      kubemu    ${kubemu.status} ${short(kubemu.body.toString(), 600)}`,
        ]),
  ].join('\n');
}

/** What two differences of one cause have in common: statuses, and what is said, without names, values and kinds. */
function shape({ resource, request, reference, kubemu, differences: found }: Mismatch): string {
  const first = found.find((d) => d.path !== '.status') ?? found[0];
  const statuses = reference.status === kubemu.status ? String(reference.status) : `${reference.status}→${kubemu.status}`;
  const said = [summary(reference), summary(kubemu)].map((text) => text.replaceAll(resource.split('/').at(-1) ?? '', '<resource>'));
  const what =
    reference.status < 400 && kubemu.status < 400
      ? first?.path === '.order'
        ? `the order of fields of ${resource}`
        : `${general(first?.path)}: ${template(first?.want)} → ${template(first?.got)}`
      : said[0] === said[1]
        ? `${said[0]} | ${general(first?.path)}: ${template(first?.want)} → ${template(first?.got)}`
        : `${said[0]} → ${said[1]}`;
  return `${request.method === 'PATCH' ? 'PATCH ' : ''}${statuses}: ${what}`;
}

/** A path without indices and without names of the object's own. */
function general(path = ''): string {
  return path.replace(/\.\d+/g, '.N').replace(TEMPLATE, '');
}

/** A refusal without its particulars: its causes, or its message. */
function summary(answer: Answer): string {
  if (answer.status < 400) return String(answer.status);
  const value = bodyOf(answer);
  if (!isObject(value)) return template(value);
  const { message, details } = value as { message?: string; details?: { causes?: { field?: string; message?: string }[] } };
  const causes = details?.causes;
  if (causes?.length) return [...new Set(causes.map((c) => template(`${c.field}: ${c.message}`)))].sort().slice(0, 4).join(' & ');
  return template(message ?? value);
}

/** A text without what is particular in it. */
function template(v: unknown): string {
  const text = typeof v === 'string' ? v : isObject(v) || Array.isArray(v) ? JSON.stringify(v) : String(v);
  return text
    .replace(/ \([^()]*\.\.\.\)?$/g, ' (…)')
    .replace(/"(?:[^"\\]|\\.)*"/g, '"…"')
    .replace(/Key: [^,]*\//g, (key) => `${key.split('/')[1]}/…`)
    .replace(/x{20,}/g, 'xx')
    .replace(/\b[A-Z][A-Za-z]+ in version/g, '<Kind> in version')
    .replace(/(?:cannot be handled as an?|must be of type|Go struct field) [A-Z][A-Za-z]+/g, (m) => m.replace(/[A-Z][A-Za-z]+$/, '<Kind>'))
    .replace(TEMPLATE, '')
    .replace(/\d+/g, 'N')
    .slice(0, 160);
}

function short(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
