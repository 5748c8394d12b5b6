// YAML as Kubernetes' Go side (sigs.k8s.io/yaml over go-yaml v2) reads it: YAML 1.1 booleans and octals, no dates, no
// sexagesimals, merge keys, of several documents the first. Printing is in yaml-print.ts.
import {
  binaryTag,
  boolYaml11Tag,
  constructFromEvents,
  defineScalarTag,
  type Event,
  EVENT_ID,
  FAILSAFE_SCHEMA,
  getScalarValue,
  mergeTag,
  NOT_RESOLVED,
  nullYaml11Tag,
  parseEvents,
  YAMLException,
} from 'js-yaml';
import { hasDuplicateKeys, MAX_JSON_DEPTH } from './json-keys.js';
import { aliasProblem } from './yaml-aliases.js';
import { hasFractions, integerOf, readJson } from './exact-json.js';

export { stringifyYaml } from './yaml-print.js';

/** A document, and the keys that came twice in it. */
export interface ParsedYaml {
  readonly value: unknown;
  /** `line 4: key "data" already set in map`; of such a key the last value counts. */
  readonly duplicates: string[];
}

/** The text is no YAML. The message begins as go-yaml's: `yaml: line 2: …`. */
export class YamlError extends Error {}

const INTEGER = /^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|0[0-7_]+|[0-9][0-9_]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/;
const FIRSTS = '-+.0123456789'.split('');

function toInteger(text: string): number | bigint {
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '');
  const sign = text.startsWith('-') ? '-' : '';
  // 0644 is octal; 089 cannot be, so it is decimal
  const decimal = /^0[box]/.test(digits) ? BigInt(digits) : /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : digits;
  return integerOf(`${sign}${decimal}`);
}

/** What is too large is a text. Go writes floats as JSON, where whole ones are integers, before it reads them. */
function toFloat(text: string): number | bigint | typeof NOT_RESOLVED {
  const value = Number(text);
  if (!Number.isFinite(value)) return NOT_RESOLVED;
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? integerOf(String(value)) : value;
}

const integerTag = defineScalarTag<number | bigint>('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: FIRSTS,
  resolve: (text) => (INTEGER.test(text) ? toInteger(text) : NOT_RESOLVED),
  identify: (value) => typeof value === 'bigint' || Number.isInteger(value),
  represent: String,
});
const floatTag = defineScalarTag<number | bigint>('tag:yaml.org,2002:float', {
  implicit: true,
  implicitFirstChars: FIRSTS,
  resolve: (text) => (FLOAT.test(text) ? toFloat(text.replaceAll('_', '')) : NOT_RESOLVED),
  identify: (value) => typeof value === 'number',
  represent: String,
});
const textOfBinaryTag = defineScalarTag<string>('tag:yaml.org,2002:binary', {
  ...binaryTag,
  implicit: false,
  resolve: (text) => Buffer.from(text, 'base64').toString(),
});
const schema = FAILSAFE_SCHEMA.withTags(nullYaml11Tag, boolYaml11Tag, integerTag, floatTag, textOfBinaryTag, mergeTag);

/**
 * Reads the first document of a text; null for an empty one.
 * @throws YamlError
 */
export function parseYaml(text: string): ParsedYaml {
  // clients send JSON under this name, and it is read much faster
  if (/^\s*[{[]/.test(text) && !hasFractions(text)) {
    try {
      const value = readJson(text);
      if (!hasDuplicateKeys(text, value)) return { value, duplicates: [] };
    } catch {
      // flow-style YAML
    }
  }
  try {
    const events = firstDocument(parseEvents(text, { maxDepth: MAX_JSON_DEPTH }));
    const problem = aliasProblem(text, events);
    if (problem !== undefined) throw new YamlError(`yaml: ${problem}`);
    const [value = null] = constructFromEvents(events, { source: text, schema, json: true });
    return { value, duplicates: findDuplicates(text, events) };
  } catch (e) {
    if (e instanceof YAMLException) throw new YamlError(describe(e, text), { cause: e });
    throw e;
  }
}

function firstDocument(events: readonly Event[]): Event[] {
  const second = events.findIndex((event, i) => i > 0 && event.type === EVENT_ID.DOCUMENT);
  return second < 0 ? [...events] : events.slice(0, second);
}

interface Level {
  /** The keys so far, of a mapping. */
  readonly keys: Set<string> | undefined;
  atKey: boolean;
}

function findDuplicates(text: string, events: readonly Event[]): string[] {
  const duplicates: string[] = [];
  const levels: Level[] = [];
  const lineOf = lineCounter(text);
  for (const event of events) {
    const level = levels.at(-1);
    if (event.type === EVENT_ID.POP) {
      levels.pop();
      continue;
    }
    if (level?.keys && level.atKey && event.type === EVENT_ID.SCALAR) {
      const key = getScalarValue(text, event);
      if (level.keys.has(key) && key !== '<<')
        duplicates.push(`line ${lineOf(event.valueStart)}: key ${JSON.stringify(key)} already set in map`);
      level.keys.add(key);
    }
    if (level) level.atKey = !level.atKey;
    if (event.type === EVENT_ID.MAPPING) levels.push({ keys: new Set(), atKey: true });
    else if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.DOCUMENT) levels.push({ keys: undefined, atKey: false });
  }
  return duplicates;
}

/** Counts on from the offset that was asked for last: offsets must not fall. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let next = text.indexOf('\n');
  return (offset) => {
    for (; next >= 0 && next < offset; next = text.indexOf('\n', next + 1)) line++;
    return line;
  };
}

/** go-yaml's words for the commonest mistakes; its line numbers start at 0, and 0 is not told. */
const WORDINGS: readonly (readonly [RegExp, (line: number, match: RegExpExecArray) => string])[] = [
  [/^unidentified alias "(.*)"/, (_, match) => `unknown anchor '${match[1]}' referenced`],
  [/^nesting exceeded maxDepth/, (line) => `${line > 0 ? `line ${line + 1}: ` : ''}exceeded max depth of ${MAX_JSON_DEPTH}`],
  [/^tab characters/, (line) => `line ${line + 1}: found character that cannot start any token`],
  [
    /^bad indentation of a mapping entry/,
    (line) => `${line > 0 ? `line ${line + 1}: ` : ''}mapping values are not allowed in this context`,
  ],
  [/^unexpected end of the stream within a (?:double|single) quoted scalar/, () => 'found unexpected end of stream'],
];

/** What js-yaml says where a list or map in brackets is not closed. */
const OPEN_BRACKET = /^(?:deficient indentation|unexpected end of the stream within a flow collection|missed comma)/;

function describe(e: YAMLException, text: string): string {
  const { line = 0, position = 0 } = (e.mark ?? {}) as { line?: number; position?: number };
  if (OPEN_BRACKET.test(e.reason)) return `yaml: ${openBracket(text, position, line)}`;
  for (const [shape, wording] of WORDINGS) {
    const match = shape.exec(e.reason);
    if (match) return `yaml: ${wording(line, match)}`;
  }
  return `yaml: ${line > 0 ? `line ${line + 1}: ` : ''}${e.reason}`;
}

/** What go-yaml misses within brackets at a place: the next value, or the end of the last one. */
function openBracket(text: string, position: number, at: number): string {
  const isEnd = text.slice(position).trim() === '';
  // the end of a text is at the beginning of a line of its own
  const line = isEnd ? text.split('\n').length - (text.endsWith('\n') ? 1 : 0) : at;
  const where = line > 0 ? `line ${line}: ` : '';
  const before = (isEnd ? text : text.slice(0, position)).replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, 'text').trimEnd();
  if (/[[{,:]$/.test(before)) return `${where}did not find expected node content`;
  let innermost = before;
  for (let open = ''; open !== innermost; ) {
    open = innermost;
    innermost = open.replace(/\[[^[\]{}]*\]|\{[^[\]{}]*\}/g, '');
  }
  return `${where}did not find expected ',' or '${innermost.lastIndexOf('[') > innermost.lastIndexOf('{') ? ']' : '}'}'`;
}
