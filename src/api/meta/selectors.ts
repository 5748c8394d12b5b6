// Label selectors and field selectors in the syntax of URLs (`app=web,tier notin (a,b),!old`; `spec.nodeName=n1`): parsing,
// matching, printing. Errors are BadRequest with the texts of k8s.io/apimachinery/pkg/labels and pkg/fields.
import { compareText } from '../../util/order.js';
import { badRequest } from './errors.js';
import { at, type FieldError, invalid } from './field-errors.js';
import { isLabelValue, isQualifiedName } from './names.js';

type Labels = Readonly<Record<string, string>> | undefined;

/** As label selectors write them; `exists` and `!` stand for a key alone. */
export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

/** One condition on a label. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** A compiled selector: all requirements must hold. Without any it matches everything. */
export class LabelSelection {
  readonly requirements: readonly LabelRequirement[];
  readonly #tests: readonly ((labels: Labels) => boolean)[];

  constructor(requirements: readonly LabelRequirement[]) {
    this.requirements = [...requirements].sort((a, b) => compareText(a.key, b.key));
    this.#tests = this.requirements.map(testOf);
  }
  get empty(): boolean {
    return this.#tests.length === 0;
  }
  matches(labels: Labels): boolean {
    for (const test of this.#tests) if (!test(labels)) return false;
    return true;
  }
  /** As upstream prints it: sorted by key, values of sets sorted. */
  toString(): string {
    return this.requirements.map(print).join(',');
  }
}

function testOf({ key, operator, values }: LabelRequirement): (labels: Labels) => boolean {
  const allowed = new Set(values);
  const [only = ''] = values;
  switch (operator) {
    case '=':
    case '==':
      return (labels) => valueOf(labels, key) === only;
    case 'in':
      return (labels) => isAmong(allowed, valueOf(labels, key));
    case '!=':
    case 'notin':
      return (labels) => !isAmong(allowed, valueOf(labels, key));
    case 'exists':
      return (labels) => valueOf(labels, key) !== undefined;
    case '!':
      return (labels) => valueOf(labels, key) === undefined;
    case 'gt':
    case 'lt': {
      const bound = integer(only);
      return (labels) => {
        const value = integer(valueOf(labels, key));
        if (value === undefined || bound === undefined) return false;
        return operator === 'gt' ? value > bound : value < bound;
      };
    }
  }
}

// a label may be called like a property of every object
function valueOf(labels: Labels, key: string): string | undefined {
  return labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function isAmong(allowed: ReadonlySet<string>, value: string | undefined): boolean {
  return value !== undefined && allowed.has(value);
}

// an int64, as strconv.ParseInt takes it
function integer(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function print({ key, operator, values }: LabelRequirement): string {
  const list = [...values].sort().join(',');
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${list})`;
    case 'gt':
      return `${key}>${list}`;
    case 'lt':
      return `${key}<${list}`;
    default:
      return `${key}${operator}${list}`;
  }
}

/** @returns what is wrong with a requirement: its key, its values, their number */
export function validateRequirement({ key, operator, values }: LabelRequirement): FieldError[] {
  const errors: FieldError[] = [];
  const path = at('values');
  const wrong = isQualifiedName(key);
  if (wrong.length) errors.push(invalid('key', key, wrong.join('; ')));
  if ((operator === 'in' || operator === 'notin') && values.length === 0)
    errors.push(invalid(path, values, "for 'in', 'notin' operators, values set can't be empty"));
  if ((operator === 'exists' || operator === '!') && values.length > 0)
    errors.push(invalid(path, values, 'values set must be empty for exists and does not exist'));
  if (operator === 'gt' || operator === 'lt')
    for (const [i, value] of values.entries())
      if (integer(value) === undefined)
        errors.push(invalid(path.index(i), value, "for 'Gt', 'Lt' operators, the value must be an integer"));
  for (const [i, value] of values.entries()) {
    const messages = isLabelValue(value);
    if (messages.length) errors.push(invalid(path.index(i).key(key), value, messages.join('; ')));
  }
  return errors;
}

/** Several errors in one line, as Go's error aggregates print them. */
export function aggregate(messages: readonly string[]): string {
  const distinct = [...new Set(messages)];
  return distinct.length === 1 ? (distinct[0] ?? '') : `[${distinct.join(', ')}]`;
}

interface Token {
  readonly kind: 'word' | 'end' | 'unknown' | '(' | ')' | ',' | '!' | '=' | '==' | '!=' | '<' | '>' | 'in' | 'notin';
  readonly text: string;
}

const SYMBOLS = new Set(['(', ')', ',', '!', '=', '==', '!=', '<', '>']);
const OPERATORS: Partial<Record<Token['kind'], LabelOperator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};

function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (const [part] of text.matchAll(/[^\s=!(),<>]+|==|!=|[=!(),<>]/g)) {
    const keyword = SYMBOLS.has(part) || part === 'in' || part === 'notin';
    found.push({ kind: keyword ? (part as Token['kind']) : 'word', text: part });
  }
  found.push({ kind: 'end', text: '' });
  return found;
}

/**
 * Compiles a label selector of a URL.
 * @throws ApiError BadRequest, worded as upstream's
 */
export function parseLabelSelector(text: string): LabelSelection {
  const parser = new LabelParser(tokens(text));
  try {
    return new LabelSelection(parser.parse());
  } catch (e) {
    if (e instanceof SelectorSyntax) throw badRequest(e.message);
    throw e;
  }
}

class SelectorSyntax extends Error {}

class LabelParser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(list: readonly Token[]) {
    this.#tokens = list;
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const first = this.#peek();
      if (first.kind === 'end') return requirements;
      if (!isWord(first) && first.kind !== '!')
        throw new SelectorSyntax(`found '${first.text}', expected: !, identifier, or 'end of string'`);
      requirements.push(this.#requirement());
      const after = this.#next();
      if (after.kind === 'end') return requirements;
      if (after.kind !== ',') throw new SelectorSyntax(`found '${after.text}', expected: ',' or 'end of string'`);
      const following = this.#peek();
      if (!isWord(following) && following.kind !== '!')
        throw new SelectorSyntax(`found '${following.text}', expected: identifier after ','`);
    }
  }

  #requirement(): LabelRequirement {
    try {
      const requirement = this.#unchecked();
      const errors = validateRequirement(requirement);
      if (errors.length) throw new SelectorSyntax(aggregate(errors.map((e) => `${e.field}: ${e.message}`)));
      return requirement;
    } catch (e) {
      if (e instanceof SelectorSyntax) throw new SelectorSyntax(`unable to parse requirement: ${e.message}`);
      throw e;
    }
  }

  #unchecked(): LabelRequirement {
    let token = this.#next();
    const absent = token.kind === '!';
    if (absent) token = this.#next();
    if (!isWord(token)) throw new SelectorSyntax(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const wrong = isQualifiedName(key);
    // the key is checked without a path, which upstream prints as <nil>
    if (wrong.length) throw new SelectorSyntax(`<nil>: ${invalid('', key, wrong.join('; ')).message}`);
    const next = this.#peek().kind;
    if (absent || next === 'end' || next === ',') return { key, operator: absent ? '!' : 'exists', values: [] };
    const sign = this.#next();
    const operator = OPERATORS[sign.kind];
    if (!operator) throw new SelectorSyntax(`found '${sign.text}', expected: in, notin, =, ==, !=, gt, lt`);
    const values = operator === 'in' || operator === 'notin' ? this.#set() : [this.#value()];
    return { key, operator, values: [...new Set(values)].sort() };
  }

  #value(): string {
    const next = this.#peek();
    if (next.kind === 'end' || next.kind === ',') return '';
    this.#position++;
    if (!isWord(next)) throw new SelectorSyntax(`found '${next.text}', expected: identifier`);
    return next.text;
  }

  /** `(a,b)`; an empty place between commas or parentheses is the empty value. */
  #set(): string[] {
    const open = this.#next();
    if (open.kind !== '(') throw new SelectorSyntax(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.kind === ')') {
      this.#position++;
      return [''];
    }
    if (!isWord(first) && first.kind !== ',') throw new SelectorSyntax(`found '${first.text}', expected: ',', ')' or identifier`);
    const values: string[] = [];
    for (;;) {
      const token = this.#next();
      const following = this.#peek();
      if (isWord(token)) {
        values.push(token.text);
        if (following.kind !== ',' && following.kind !== ')') throw new SelectorSyntax(`found '${following.text}', expected: ',' or ')'`);
      } else if (token.kind === ',') {
        if (values.length === 0 || following.kind === ',' || following.kind === ')') values.push('');
      } else throw new SelectorSyntax(`found '${token.text}', expected: ',', or identifier`);
      if (following.kind === ')') {
        this.#position++;
        return values;
      }
    }
  }

  #peek(): Token {
    return this.#tokens[this.#position] ?? { kind: 'end', text: '' };
  }
  #next(): Token {
    const token = this.#peek();
    this.#position++;
    return token;
  }
}

// `in` and `notin` are ordinary words wherever no operator is expected
function isWord(token: Token): boolean {
  return token.kind === 'word' || token.kind === 'in' || token.kind === 'notin';
}

/** One condition on a field. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** A compiled field selector. A field that an object lacks has the value "". */
export class FieldSelection {
  readonly requirements: readonly FieldRequirement[];

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }
  get empty(): boolean {
    return this.requirements.length === 0;
  }
  matches(fields: Labels): boolean {
    for (const r of this.requirements) if (((valueOf(fields, r.field) ?? '') === r.value) !== (r.operator === '=')) return false;
    return true;
  }
  toString(): string {
    return this.requirements.map((r) => `${r.field}${r.operator}${r.value.replace(/[\\,=]/g, '\\$&')}`).join(',');
  }
}

/**
 * Compiles a field selector of a URL; which fields a kind has is for `checkFields` to say.
 * @throws ApiError BadRequest, worded as upstream's
 */
export function parseFieldSelector(text: string): FieldSelection {
  // a term without field and value selects everything
  const terms = (text.match(/(?:\\.|[^\\,]|\\$)+/gs) ?? []).filter((term) => !/^(?:=|==|!=)$/.test(term));
  const requirements = [...terms].sort().map((term): FieldRequirement => {
    const parts = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (!parts) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    return { field: parts[1] ?? '', operator: parts[2] === '!=' ? '!=' : '=', value: unescape(parts[3] ?? '') };
  });
  return new FieldSelection(requirements);
}

function unescape(value: string): string {
  return value.replace(/\\(.?)|[,=]/gsu, (found, escaped: string | undefined) => {
    if (escaped === undefined) throw badRequest(`invalid field selector: unescaped character in value: ${found.charCodeAt(0)}`);
    if (!['\\', ',', '='].includes(escaped)) throw badRequest(`invalid field selector: invalid escape sequence: ${found}`);
    return escaped;
  });
}

/** What a selectable field's owner needs to be known by. */
export interface FieldOwner {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly selectableFields: readonly string[];
  /** Custom resources have one. */
  readonly struct?: object | undefined;
}

/**
 * Refuses fields that a kind cannot be selected by. Upstream words it in four ways, by how the kind's conversion is written.
 * @throws ApiError BadRequest
 */
export function checkFields(selection: FieldSelection, owner: FieldOwner): void {
  for (const { field } of selection.requirements) {
    if (field === 'metadata.name' || field === 'metadata.namespace' || owner.selectableFields.includes(field)) continue;
    const own = owner.struct !== undefined || owner.selectableFields.some((f) => !f.startsWith('metadata.'));
    if (!own) throw badRequest(`${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`);
    throw badRequest(unsupported(field, owner));
  }
}

function unsupported(field: string, { group, version, kind }: FieldOwner): string {
  if (kind === 'Job') return `field label "${field}" not supported for Job`;
  if (kind === 'ResourceSlice') return `field label not supported for ${group}/${version}, Kind=ResourceSlice: ${field}`;
  return `field label not supported: ${field}`;
}
