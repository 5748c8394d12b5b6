// How go-yaml v2 writes what sigs.k8s.io/yaml gives it: block style, keys sorted, quotes only where a plain text would be
// read as something else, texts of several lines as literals, other long texts folded.

/** Whose YAML: go-yaml v2 of what it was given, or v3 of a document it has read (keys stay in their order, lines are not folded). */
type Writer = 'v2' | 'v3';

/** A JSON value as YAML, equal to what `kubectl -o yaml` and a server's application/yaml print. */
export function stringifyYaml(value: unknown, writer: Writer = 'v2'): string {
  return `${node(value, { writer, within: '', indent: 0, column: -1 }).trimStart()}\n`.replace(/\n\n$/, '\n');
}

/** Where a node stands. */
interface Place {
  readonly writer: Writer;
  readonly within: 'list' | 'map' | '';
  /** Of the node's further lines. */
  readonly indent: number;
  /** Characters before it in its line. */
  readonly column: number;
}

/** The text that follows a `key:` or a dash, with the space or line break before it. */
function node(value: unknown, place: Place): string {
  if (Array.isArray(value)) return value.length === 0 ? ' []' : list(value, place);
  if (typeof value === 'object' && value !== null) return map(value as Record<string, unknown>, place);
  return ` ${scalar(value, place)}`;
}

function list(items: readonly unknown[], { writer, within, indent }: Place): string {
  // within a map, the dashes stand below the key
  const at = within === 'map' && writer === 'v2' ? indent - 2 : indent;
  const lines = items.map((item) => `-${node(item, { writer, within: 'list', indent: at + 2, column: at + 1 })}`);
  const joined = joinLines(lines, at);
  return within === 'list' ? ` ${joined}` : `\n${' '.repeat(at)}${joined}`;
}

function map(fields: Record<string, unknown>, { writer, within, indent }: Place): string {
  const names = Object.keys(fields).filter((key) => fields[key] !== undefined);
  if (names.length === 0) return ' {}';
  if (writer === 'v2') names.sort(compareKeys);
  const inner = writer === 'v2' ? indent + 2 : (Math.floor(indent / 4) + 1) * 4;
  const lines = names.map((key) => {
    const text = mapKey(key, indent, writer);
    return `${text}:${node(fields[key], { writer, within: 'map', indent: inner, column: indent + text.length + 1 })}`;
  });
  const joined = joinLines(lines, indent);
  return within === 'list' ? ` ${joined}` : `\n${' '.repeat(indent)}${joined}`;
}

/** A literal that ends with line breaks has brought the one that ends its line. */
function joinLines(lines: readonly string[], indent: number): string {
  const margin = ' '.repeat(indent);
  return lines.reduce((text, line) => `${text}${text.endsWith('\n') ? '' : '\n'}${margin}${line}`);
}

/** Beyond this, a key is no simple key. */
const MAX_KEY = 128;

function mapKey(key: string, indent: number, writer: Writer): string {
  const style = styleOf(key, writer);
  const text = quoted(key, style === 'literal' ? 'double' : style);
  return Buffer.byteLength(key) > MAX_KEY ? `? ${text}\n${' '.repeat(indent)}` : text;
}

function scalar(value: unknown, { writer, indent, column }: Place): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : goFloat(value);
  if (typeof value !== 'string') return String(value);
  const style = styleOf(value, writer);
  if (style === 'literal') return literal(value, indent);
  const text = quoted(value, style);
  return writer === 'v3' ? text : fold(text, style, { indent, column: column + 1 });
}

type Style = 'plain' | 'single' | 'double' | 'literal';

function styleOf(text: string, writer: Writer): Style {
  if (hasSpecial(text)) return 'double';
  if (text.includes('\n')) return text.endsWith(' ') || text.includes(' \n') ? 'double' : 'literal';
  if (isAmbiguous(text) && !(writer === 'v3' && OLD_BOOLEANS.has(text))) return 'double';
  return canBePlain(text) ? 'plain' : 'single';
}

function quoted(text: string, style: Exclude<Style, 'literal'>): string {
  if (style === 'plain') return text;
  return style === 'single' ? `'${text.replaceAll("'", "''")}'` : `"${escaped(text)}"`;
}

function literal(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomp = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : '';
  const margin = ' '.repeat(indent);
  const lines = text.split('\n').map((line) => (line === '' ? '' : margin + line));
  return `|${hint}${chomp}\n${lines.join('\n')}`;
}

/** A line may end at a space behind this column. */
const WIDTH = 80;

/** Breaks a written text at single spaces, where its line has become too long. */
function fold(text: string, style: Style, place: { indent: number; column: number }): string {
  if (place.column + text.length <= WIDTH) return text;
  let { column } = place;
  let folded = '';
  const chars = Array.from(text);
  chars.forEach((char, i) => {
    const breaks = char === ' ' && column > WIDTH && chars[i - 1] !== ' ' && mayBreak(chars, i, style);
    if (!breaks) {
      folded += char;
      column++;
      return;
    }
    folded += `\n${' '.repeat(place.indent)}`;
    column = place.indent;
    if (chars[i + 1] === ' ') {
      folded += '\\';
      column++;
    }
  });
  return folded;
}

function mayBreak(chars: readonly string[], at: number, style: Style): boolean {
  if (style === 'plain') return chars[at + 1] !== ' ';
  // not next to a quote; only double quotes can break before another space
  return at > 1 && at < chars.length - 2 && (style === 'double' || chars[at + 1] !== ' ');
}

/** What go-yaml emits as a plain text in block context. */
function canBePlain(text: string): boolean {
  if (/^(?:---|\.\.\.)/.test(text)) return false;
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text) || /^[?:-](?: |$)/.test(text)) return false;
  return !/^ | $|:(?: |$)| #/.test(text);
}

const WORDS = new Set([
  '',
  '~',
  'null',
  'Null',
  'NULL',
  '.nan',
  '.NaN',
  '.NAN',
  '.inf',
  '.Inf',
  '.INF',
  '+.inf',
  '+.Inf',
  '+.INF',
  '-.inf',
  '-.Inf',
  '-.INF',
]);
const spellings = (word: string) => [word, word.toUpperCase(), (word[0] ?? '').toUpperCase() + word.slice(1)];
/** Booleans of YAML 1.1, which are texts in 1.2. */
const OLD_BOOLEANS = new Set(['y', 'yes', 'on', 'n', 'no', 'off'].flatMap(spellings));
for (const word of [...OLD_BOOLEANS, ...['true', 'false'].flatMap(spellings)]) WORDS.add(word);
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;
const SEXAGESIMAL = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const TIMESTAMP = /^\d{4}-\d\d?-\d\d?(?:[Tt]\d\d?:\d\d?:\d\d?(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| \d\d?:\d\d?:\d\d?(?:\.\d+)?)?$/;

/** Whether a plain text would be read as something other than a text. */
function isAmbiguous(text: string): boolean {
  if (WORDS.has(text)) return true;
  if (!/^[-+.0-9]/.test(text)) return false;
  if (text.startsWith('.')) return FLOAT.test(text);
  const digits = text.replaceAll('_', '');
  return INTEGER.test(digits) || FLOAT.test(digits) || SEXAGESIMAL.test(text) || TIMESTAMP.test(text);
}

/** Characters that only double quotes can carry: control characters but the line break, and all beyond the basic plane. */
function hasSpecial(text: string): boolean {
  return /[^\n\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]|[\ufeff\u2028\u2029]/.test(text);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\u0085': 'N',
  '\u2028': 'L',
  '\u2029': 'P',
};

function escaped(text: string): string {
  return text.replace(/["\\]|[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]|[\ufeff\u2028\u2029]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0;
    const hex = code.toString(16).toUpperCase();
    return `\\${ESCAPES[char] ?? (code <= 0xff ? `x${hex.padStart(2, '0')}` : code <= 0xffff ? `u${hex.padStart(4, '0')}` : `U${hex.padStart(8, '0')}`)}`;
  });
}

/** strconv.FormatFloat(f, 'g', -1, 64) */
function goFloat(value: number): string {
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 21) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** go-yaml's order of keys: letters after other characters, numbers within by their value. */
function compareKeys(a: string, b: string): number {
  const x = Array.from(a);
  const y = Array.from(b);
  for (let i = 0; i < x.length && i < y.length; i++) {
    const p = x[i] ?? '';
    const q = y[i] ?? '';
    if (p === q) continue;
    const pLetter = /\p{L}/u.test(p);
    const qLetter = /\p{L}/u.test(q);
    if (pLetter && qLetter) return codePoint(p) - codePoint(q);
    if (pLetter || qLetter) return qLetter ? -1 : 1;
    return compareNumbers(x, y, i) || codePoint(p) - codePoint(q);
  }
  return x.length - y.length;
}

function codePoint(char: string): number {
  return char.codePointAt(0) ?? 0;
}

/** Compares the digits from `at` on by their value, then by how many they are. */
function compareNumbers(x: readonly string[], y: readonly string[], at: number): number {
  // a zero behind other digits is one of them
  let lead = '';
  if (x[at] === '0' || y[at] === '0') for (let j = at - 1; j >= 0 && /\d/.test(x[j] ?? ''); j--) if (x[j] !== '0') lead = '1';
  const p = digitsFrom(x, at);
  const q = digitsFrom(y, at);
  const difference = Number(lead + p) - Number(lead + q);
  return difference || p.length - q.length;
}

function digitsFrom(chars: readonly string[], at: number): string {
  let end = at;
  while (/\d/.test(chars[end] ?? '')) end++;
  return chars.slice(at, end).join('');
}
