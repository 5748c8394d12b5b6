// Documents of configuration, read as upstream's codecs read them: a kind of a version, decoded strictly or not.
import { DecodeError, decode, seenDuplicates, strictErrors } from '../../api/schema/decode.js';
import { JsonError, parseJson } from '../../api/schema/json.js';
import { Field, scalarType, structType, type StructType, type Type } from '../../api/schema/types.js';
import { type FieldError, show } from '../../api/meta/field-errors.js';
import { isObject } from '../../util/json.js';
import { UserError } from '../../util/user-error.js';
import { parseYaml, YamlError } from '../../util/yaml.js';

/** What a document may be. */
export interface DocumentType {
  /** Absent: it says no kind, as documents of old. */
  readonly kinds?: readonly { readonly apiVersion: string; readonly kind: string }[];
  readonly type: StructType;
  /** Unknown fields and keys given twice are refused, not ignored. */
  readonly strict: boolean;
}

/** A file of configuration, or a document inside of one. */
export class ConfigurationDocument {
  /** What the text says; undefined for a file without any. */
  readonly value: unknown;
  readonly #origin: string;
  readonly #duplicates: readonly string[];

  /**
   * @param origin where it is from, as messages begin: `--flag=file: plugins[0].configuration`
   * @param duplicates keys that came twice: `duplicate field "a.b"`, or as YAML tells them
   */
  constructor(origin: string, value: unknown, duplicates: readonly string[]) {
    this.#origin = origin;
    this.value = value;
    this.#duplicates = duplicates;
  }

  /** @throws UserError when the text is neither JSON nor YAML */
  static parse(origin: string, text: string): ConfigurationDocument {
    if (text === '') return new ConfigurationDocument(origin, undefined, []);
    try {
      const { value, duplicates } = text.trimStart().startsWith('{') ? parseJson(text) : parseYaml(text);
      return new ConfigurationDocument(origin, value, duplicates);
    } catch (error) {
      if (error instanceof JsonError || error instanceof YamlError)
        throw new UserError(`${origin}: ${error.message}`, 'failure', { cause: error });
      throw error;
    }
  }

  /** Where a part of it is, as messages begin. */
  placeOf(part: string): string {
    return `${this.#origin}: ${part}`;
  }

  /** What to throw when something is wrong with it. */
  error(problem: string, options?: { readonly cause?: unknown }): UserError {
    return new UserError(this.placeOf(problem), 'failure', options);
  }

  /** @throws UserError that tells all errors, when there are any */
  refuse(errors: readonly FieldError[]): void {
    const texts = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))];
    if (texts.length > 0) throw this.error(texts.join(', '));
  }

  /** The document in a field of this one. @param name the field's, for messages and in those about keys given twice */
  part(name: string, value: unknown): ConfigurationDocument {
    const start = `duplicate field "${name}.`;
    const inside = this.#duplicates.filter((text) => text.startsWith(start));
    const duplicates = inside.map((text) => `duplicate field "${text.slice(start.length)}`);
    return new ConfigurationDocument(this.placeOf(name), value, duplicates);
  }

  /**
   * Reads it as what it should be; fields that are not set are absent.
   * @throws UserError when it is something else, for wrong types and, in strict reading, for unknown or repeated fields
   */
  decode<T>({ kinds, type, strict }: DocumentType): T {
    const kindProblem = kinds && this.kindProblem(kinds);
    if (kindProblem !== undefined) throw this.error(kindProblem);
    try {
      const { object, unknown } = decode<T>(type, this.value);
      const problems = strict ? strictErrors(seenDuplicates(type, this.#duplicates), unknown) : [];
      if (problems.length > 0) throw this.error(`strict decoding error: ${problems.join(', ')}`);
      return object;
    } catch (error) {
      if (error instanceof DecodeError) throw this.error(error.message, { cause: error });
      throw error;
    }
  }

  /** Why it is of none of these kinds; undefined: it is. */
  kindProblem(kinds: NonNullable<DocumentType['kinds']>): string | undefined {
    const { value } = this;
    if (value !== undefined && value !== null && !isObject(value)) return 'must be an object with apiVersion and kind';
    const { apiVersion, kind } = value ?? {};
    if (!kind) return "Object 'Kind' is missing";
    if (!apiVersion) return "Object 'apiVersion' is missing";
    if (kinds.some((known) => known.apiVersion === apiVersion && known.kind === kind)) return undefined;
    const known = kinds.map((k) => `${k.kind} of ${k.apiVersion}`).join(', ');
    return `no kind ${show(kind)} is registered for version ${show(apiVersion)}; there are: ${known}`;
  }
}

/** Text in a document. */
export const STRING = scalarType('string');

/** A type of documents and their parts: whatever is not set is absent. */
export function configurationType(goName: string, fields: Readonly<Record<string, Type>>): StructType {
  return structType(
    goName,
    Object.entries(fields).map(([name, type]) => new Field({ name, omitEmpty: true, pointer: false }, type)),
  );
}

/** The same for what says its kind. */
export function documentType(goName: string, fields: Readonly<Record<string, Type>>): StructType {
  return configurationType(goName, { kind: STRING, apiVersion: STRING, ...fields });
}
