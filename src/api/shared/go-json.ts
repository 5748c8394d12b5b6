import { jsonKind } from '../../util/json.js';
/**
 * What Go's encoding/json says about a text that should be a JSON object.
 * @param type the Go type it is read into
 * @returns undefined when it is one (or null)
 */
export function jsonSyntaxError(text: string, type = 'map[string]interface {}'): string | undefined {
  return problemOf(text, 'object', type);
}

/** The same about a text that should be a JSON array. */
export function jsonArrayError(text: string, type: string): string | undefined {
  return problemOf(text, 'array', type);
}

function problemOf(text: string, wanted: 'array' | 'object', type: string): string | undefined {
  try {
    const scanner = new Scanner(text);
    scanner.value();
    scanner.end();
  } catch (e) {
    if (e instanceof SyntaxError) return e.message;
    throw e;
  }
  const kind = jsonKind(JSON.parse(text));
  return kind === wanted || kind === 'null' ? undefined : `json: cannot unmarshal ${kind} into Go value of type ${type}`;
}

/** Walks over a JSON text only to find where, and in what context, it stops being one. */
class Scanner {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }

  value(): void {
    const c = this.#skipSpace();
    if (c === '{') return this.#object();
    if (c === '[') return this.#array();
    if (c === '"') return this.#string();
    if (c === '-' || isDigit(c)) return this.#number();
    for (const literal of ['true', 'false', 'null']) if (c === literal[0]) return this.#literal(literal);
    this.#fail('looking for beginning of value');
  }

  end(): void {
    if (this.#skipSpace() !== undefined) this.#fail('after top-level value');
  }

  #object(): void {
    this.#at++;
    if (this.#skipSpace() === '}') return void this.#at++;
    for (;;) {
      if (this.#skipSpace() !== '"') this.#fail('looking for beginning of object key string');
      this.#string();
      if (this.#skipSpace() !== ':') this.#fail('after object key');
      this.#at++;
      this.value();
      const next = this.#skipSpace();
      if (next !== ',' && next !== '}') this.#fail('after object key:value pair');
      this.#at++;
      if (next === '}') return;
    }
  }

  #array(): void {
    this.#at++;
    if (this.#skipSpace() === ']') return void this.#at++;
    for (;;) {
      this.value();
      const next = this.#skipSpace();
      if (next !== ',' && next !== ']') this.#fail('after array element');
      this.#at++;
      if (next === ']') return;
    }
  }

  #string(): void {
    this.#at++;
    for (let c = this.#peek(); c !== '"'; c = this.#peek()) {
      if (c === undefined || c < ' ') this.#fail('in string literal');
      this.#at++;
      if (c !== '\\') continue;
      const escape = this.#peek();
      if (escape === undefined || !'"\\/bfnrtu'.includes(escape)) this.#fail('in string escape code');
      this.#at++;
      for (let i = 0; escape === 'u' && i < 4; i++, this.#at++)
        if (!/[0-9a-fA-F]/.test(this.#peek() ?? '')) this.#fail('in \\u hexadecimal character escape');
    }
    this.#at++;
  }

  #number(): void {
    if (this.#peek() === '-') this.#at++;
    if (this.#peek() === '0') this.#at++;
    else this.#digits('in numeric literal');
    if (this.#peek() === '.') {
      this.#at++;
      this.#digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.#peek() ?? '')) {
      this.#at++;
      if (/[+-]/.test(this.#peek() ?? '')) this.#at++;
      this.#digits('in exponent of numeric literal');
    }
  }

  #digits(context: string): void {
    if (!isDigit(this.#peek())) this.#fail(context);
    while (isDigit(this.#peek())) this.#at++;
  }

  #literal(literal: string): void {
    for (const expected of literal) {
      if (this.#peek() !== expected) this.#fail(`in literal ${literal} (expecting '${expected}')`);
      this.#at++;
    }
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #skipSpace(): string | undefined {
    while (this.#at < this.#text.length && ' \t\r\n'.includes(this.#text[this.#at] as string)) this.#at++;
    return this.#peek();
  }

  #fail(context: string): never {
    const c = this.#text.slice(this.#at)[Symbol.iterator]().next().value;
    if (c === undefined) throw new SyntaxError('unexpected end of JSON input');
    const quoted = c === "'" ? "'\\''" : c === '"' ? `'"'` : `'${JSON.stringify(c).slice(1, -1)}'`;
    throw new SyntaxError(`invalid character ${quoted} ${context}`);
  }
}

function isDigit(c: string | undefined): boolean {
  return c !== undefined && c >= '0' && c <= '9';
}
