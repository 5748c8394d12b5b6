// Paths and messages of decoding, in the words of upstream's decoders.
import { goQuote } from '../meta/quote.js';
import { jsonKind } from '../../util/json.js';
import type { Field, Type } from './types.js';

/** The value does not fit the type. The message is that of Go's decoder: `json: cannot unmarshal string into Go …`. */
export class DecodeError extends Error {}

/** Whose words a refusal uses: those of Go's JSON decoder, or of upstream's converter, which reads what a strategic patch made. */
export type Wording = 'json' | 'converter';

/** Upstream reports no more strict-decoding errors than this. */
const MAX_UNKNOWN = 100;

type Path = (string | number)[];

/** Where a decoder is, what it has found, and how it says that something does not fit. */
export class State {
  /** Where the decoder is. */
  readonly path: Path = [];
  /** A client's: it is copied, and what is empty in it stays. */
  readonly isInput: boolean;
  readonly unknown: Path[] = [];
  /** Something empty was left out. */
  holdsEmpty = false;
  readonly #root: Type;
  readonly #wording: Wording;

  /** Whether numbers are converted as Go's conversion does, which cuts off what does not fit. */
  get converts(): boolean {
    return this.#wording === 'converter';
  }

  constructor(root: Type, isInput: boolean, wording: Wording = 'json') {
    this.#root = root;
    this.isInput = isInput;
    this.#wording = wording;
  }

  unknownFields(document: unknown): string[] {
    if (this.unknown.length === 0) return [];
    const paths = this.unknown.length > 1 && !this.converts ? inDocumentOrder(document, this.unknown) : this.unknown;
    return paths.slice(0, MAX_UNKNOWN).map((path) => `unknown field ${goQuote(joinPath(path))}`);
  }

  /** @param literal the number itself is what does not fit, or how it is written */
  mismatch(value: unknown, type: Type, literal: boolean | string = false): DecodeError {
    if (this.#wording === 'converter') return new DecodeError(unconvertible(value, type, literal !== false));
    const shown = typeof literal === 'string' ? ` ${literal}` : literal ? ` ${String(value)}` : '';
    return new DecodeError(`json: cannot unmarshal ${jsonKind(value)}${shown} into ${this.#place()} of type ${unmarshalTarget(type)}`);
  }

  /** Go names the innermost struct, and the fields from the root; indices and keys of maps are not told. */
  #place(): string {
    let type: Type | undefined = this.#root;
    let struct = '';
    const names: string[] = [];
    for (const step of this.path) {
      if (type?.kind === 'union') type = typeof step === 'number' && type.other !== 'bool' ? type.other : type.object;
      if (type?.kind === 'struct') {
        const field: Field | undefined = type.byName.get(String(step));
        struct = type.name;
        // upstream reads the metadata of a custom resource for themselves
        if (!type.prune) names.push(field?.embeddedIn ? `${field.embeddedIn}.${step}` : String(step));
        type = field?.type;
      } else type = type?.kind === 'list' ? type.items : type?.kind === 'map' ? type.values : undefined;
    }
    return names.length > 0 ? `Go struct field ${struct}.${names.join('.')}` : 'Go value';
  }
}

/** Types that read their own JSON do it by way of another type, and that one is named. */
function unmarshalTarget(type: Type): string {
  if (type.kind !== 'scalar') return type.goName;
  if (type.scalar === 'time' || type.scalar === 'microTime') return 'string';
  return type.scalar === 'intOrString' ? 'int32' : type.goName;
}

/** Whether Go keeps a number as an int64; it takes larger ones for float64. */
export function isGoInteger(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isSafeInteger(value);
}

/** apimachinery's runtime.DefaultUnstructuredConverter, which converts numbers among themselves and nothing else. */
function unconvertible(value: unknown, type: Type, literal: boolean): string {
  const given = Array.isArray(value)
    ? 'slice'
    : typeof value === 'object'
      ? 'map'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value === 'number' || typeof value === 'bigint'
          ? isGoInteger(value)
            ? 'int64'
            : 'float64'
          : 'string';
  if (type.kind === 'struct') return `cannot restore struct from: ${given}`;
  if (type.kind === 'map') return `cannot restore map from ${given}`;
  if (type.kind !== 'scalar' || type.scalar === 'bytes') return `cannot restore slice from ${given}`;
  if (['time', 'microTime', 'intOrString'].includes(type.scalar))
    return `json: cannot unmarshal ${jsonKind(value)}${literal ? ` ${String(value)}` : ''} into Go value of type ${unmarshalTarget(type)}`;
  const convertible =
    given === 'int64'
      ? ['string', 'float64'].includes(type.scalar) || type.scalar.includes('int')
      : given === 'float64' && type.scalar.includes('int');
  const kind = type.goName === 'uint8' ? type.goName : type.scalar;
  return convertible ? `cannot convert ${given} to ${type.goName}` : `unrecognized type: ${kind}`;
}

/** spec.containers[0].image */
export function joinPath(path: Path): string {
  return path.reduce<string>((text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`), '');
}

/** Struct fields are read in Go's order; their errors are told in the order of the document. */
function inDocumentOrder(document: unknown, paths: readonly Path[]): Path[] {
  const positions = new Map<unknown, ReadonlyMap<string, number>>();
  const position = (object: unknown, key: string): number => {
    let known = positions.get(object);
    if (!known) positions.set(object, (known = new Map(Object.keys(object as object).map((k, i) => [k, i]))));
    return known.get(key) ?? -1;
  };
  const rank = (path: Path): number[] => {
    let at = document;
    return path.map((step) => {
      const index = typeof step === 'number' ? step : position(at, step);
      at = (at as Record<string, unknown>)[step];
      return index;
    });
  };
  const ranked = paths.map((path) => ({ path, rank: rank(path) }));
  ranked.sort((a, b) => {
    for (let i = 0; i < a.rank.length && i < b.rank.length; i++) if (a.rank[i] !== b.rank[i]) return (a.rank[i] ?? 0) - (b.rank[i] ?? 0);
    return a.rank.length - b.rank.length;
  });
  return ranked.map((r) => r.path);
}
