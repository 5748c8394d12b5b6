// Go's regular expressions (RE2) by way of JavaScript's: what both know is translated, what Go does not know is refused in
// its words. https://pkg.go.dev/regexp/syntax

/** A pattern Go cannot read. The message is Go's. */
export class GoRegExpError extends Error {
  constructor(what: string, where: string) {
    super(`error parsing regexp: ${what}: \`${where}\``);
  }
}

const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};
/** RE2 repeats nothing more often than this. */
const MAX_REPEAT = 1000;
/** Letters with a meaning after a backslash, in both languages. */
const ESCAPES = 'dDwWsSbBfnrtv';

/** @throws GoRegExpError */
export function goRegExp(pattern: string): RegExp {
  const { source, flags } = new Translator(pattern).translate();
  try {
    return new RegExp(source, `u${flags}`);
  } catch {
    throw new GoRegExpError('invalid character class range', pattern);
  }
}

class Translator {
  readonly #pattern: string;
  #at = 0;
  #out = '';
  #flags = '';
  #open = 0;
  /** The last thing can be repeated. */
  #atom = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  translate(): { source: string; flags: string } {
    while (this.#at < this.#pattern.length) this.#next();
    if (this.#open > 0) throw new GoRegExpError('missing closing )', this.#pattern);
    return { source: this.#out, flags: this.#flags };
  }

  get #rest(): string {
    return this.#pattern.slice(this.#at);
  }

  #emit(text: string, length: number, atom: boolean): void {
    this.#out += text;
    this.#at += length;
    this.#atom = atom;
  }

  #next(): void {
    const char = String.fromCodePoint(this.#pattern.codePointAt(this.#at) as number);
    switch (char) {
      case '(':
        return this.#group();
      case ')':
        if (--this.#open < 0) throw new GoRegExpError('unexpected )', this.#pattern);
        return this.#emit(')', 1, true);
      case '[':
        return this.#class();
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        return this.#repeat(char);
      case '{':
        return this.#counted();
      case '}':
      case ']':
        return this.#emit(`\\${char}`, 1, true);
      case '|':
      case '^':
      case '$':
        return this.#emit(char, 1, char !== '|');
      default:
        return this.#emit(char === '/' ? '\\/' : char, char.length, true);
    }
  }

  #repeat(operator: string): void {
    const start = this.#at;
    if (!this.#atom) throw new GoRegExpError('missing argument to repetition operator', operator);
    const lazy = this.#pattern[start + operator.length] === '?' ? '?' : '';
    this.#emit(operator + lazy, operator.length + lazy.length, true);
    const again = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.#rest)?.[0];
    if (again) throw new GoRegExpError('invalid nested repetition operator', this.#pattern.slice(start, this.#at) + again);
  }

  /** Braces that are no count are characters. */
  #counted(): void {
    const found = /^\{(\d+)(,(\d*))?\}/.exec(this.#rest);
    if (!found) return this.#emit('\\{', 1, true);
    const [text, low, comma, high] = found;
    const [from, to] = [Number(low), comma === undefined ? Number(low) : high ? Number(high) : Number(low)];
    if (from > MAX_REPEAT || to > MAX_REPEAT || to < from) throw new GoRegExpError('invalid repeat count', text);
    this.#repeat(text);
  }

  #group(): void {
    const named = /^\(\?P?<([A-Za-z0-9_]+)>/.exec(this.#rest);
    const plain = /^\(\?:/.exec(this.#rest)?.[0];
    const flags = /^\(\?([imsU]+)\)/.exec(this.#rest);
    if (flags) {
      // flags for the whole pattern; others than a leading (?i) or (?s) are rare
      this.#flags += Array.from(flags[1] as string)
        .filter((f) => 'ims'.includes(f) && !this.#flags.includes(f))
        .join('');
      return this.#emit('', flags[0].length, false);
    }
    if (!named && !plain && this.#rest.startsWith('(?')) {
      const shown = /^\(\?(?:P?<?[=!]?|.)/s.exec(this.#rest)?.[0] as string;
      throw new GoRegExpError('invalid or unsupported Perl syntax', shown);
    }
    this.#open++;
    const text = named ? named[0] : (plain ?? '(');
    this.#emit(named ? `(?<${named[1]}>` : text, text.length, false);
  }

  #escape(): void {
    const next = this.#pattern[this.#at + 1];
    if (next === undefined) throw new GoRegExpError('trailing backslash at end of expression', '');
    if (next === 'A' || next === 'z') return this.#emit(next === 'A' ? '^' : '$', 2, true);
    const [text, length] = this.#escaped(false);
    this.#emit(text, length, true);
  }

  /** @returns the escape in JavaScript's form and its length */
  #escaped(inClass: boolean): [string, number] {
    const rest = this.#rest;
    const next = rest[1] ?? '';
    const unicode = /^\\([pP])(?:\{(\^?)([A-Za-z_]+)\}|([A-Z]))/.exec(rest);
    if (unicode) {
      const [text, letter, negated, long, short] = unicode;
      const name = long ?? short ?? '';
      const value = name.length > 2 ? `Script=${name}` : name;
      return [`\\${negated ? (letter === 'p' ? 'P' : 'p') : letter}{${value}}`, text.length];
    }
    const hex = /^\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/.exec(rest);
    if (hex) return [`\\u{${hex[1] ?? hex[2]}}`, hex[0].length];
    if (next === 'a') return ['\\x07', 2];
    if (ESCAPES.includes(next) && !(inClass && 'bB'.includes(next))) return [`\\${next}`, 2];
    if (/[A-Za-z0-9]/.test(next)) throw new GoRegExpError('invalid escape sequence', `\\${next}`);
    return [/[\^$\\.*+?()[\]{}|/-]/.test(next) ? (next === '-' && !inClass ? '-' : `\\${next}`) : next, 2];
  }

  #class(): void {
    const start = this.#at;
    const unclosed = () => new GoRegExpError('missing closing ]', this.#pattern.slice(start));
    this.#at++;
    let text = '[';
    if (this.#pattern[this.#at] === '^') {
      text += '^';
      this.#at++;
    }
    for (let first = true; first || this.#pattern[this.#at] !== ']'; first = false) {
      if (this.#at >= this.#pattern.length) throw unclosed();
      const [part, length] = this.#classPart();
      text += part;
      this.#at += length;
    }
    if (this.#at >= this.#pattern.length) throw unclosed();
    this.#emit(`${text}]`, 1, true);
  }

  #classPart(): [string, number] {
    const rest = this.#rest;
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(rest);
    if (posix) {
      const ranges = POSIX[posix[2] as string];
      if (ranges === undefined || posix[1]) throw new GoRegExpError('invalid character class range', posix[0]);
      return [ranges, posix[0].length];
    }
    if (rest.startsWith('\\')) return this.#escaped(true);
    const range = /^([^\\\]])-([^\\\]])/u.exec(rest);
    if (range && (range[1] as string) > (range[2] as string)) throw new GoRegExpError('invalid character class range', range[0]);
    const char = String.fromCodePoint(rest.codePointAt(0) as number);
    return [/[[\]{}()|/]/.test(char) ? `\\${char}` : char, char.length];
  }
}
