// What the protobuf forms of both versions of OpenAPI share (gnostic's messages): tables of fields, lists of named things, free
// values as YAML.
import protobuf from 'protobufjs';
import { stringifyYaml } from '../util/yaml.js';

/** A field of a message: its number, its type, and whether it is a list. */
export type Field = readonly [number, string, 'repeated'?];

/** Messages by their names, and of each the fields that documents use. */
export type Messages = Readonly<Record<string, Readonly<Record<string, Field>>>>;

/** The messages that both versions have. */
export const SHARED: Messages = {
  Any: { yaml: [2, 'string'] },
  NamedAny: { name: [1, 'string'], value: [2, 'Any'] },
  ExternalDocs: { description: [1, 'string'], url: [2, 'string'] },
};

/** What a schema says of numbers, texts and lists, each under the same name in JSON. */
const KEYWORDS = [
  'title',
  'format',
  'pattern',
  'multipleOf',
  'maximum',
  'exclusiveMaximum',
  'minimum',
  'exclusiveMinimum',
  'maxLength',
  'minLength',
  'maxItems',
  'minItems',
  'uniqueItems',
  'maxProperties',
  'minProperties',
  'nullable',
  'description',
  'required',
  'externalDocs',
] as const;

/** The fields of a schema's keywords, which each version counts from somewhere else. */
export function keywordFields(numbers: Readonly<Partial<Record<(typeof KEYWORDS)[number], number>>>): Record<string, Field> {
  const typeOf = (keyword: string) => {
    if (keyword === 'externalDocs') return 'ExternalDocs';
    if (/^(title|format|pattern|description|required)$/.test(keyword)) return 'string';
    if (/^(multipleOf|maximum|minimum)$/.test(keyword)) return 'double';
    return /^(max|min)/.test(keyword) ? 'int64' : 'bool';
  };
  return Object.fromEntries(
    Object.entries(numbers).map(([name, number]) => [name, name === 'required' ? [number, 'string', 'repeated'] : [number, typeOf(name)]]),
  );
}

/** The keywords of a schema that say anything: proto3 does not write zeros. */
export function keywords(schema: object): Record<string, unknown> {
  const values = schema as Readonly<Record<string, unknown>>;
  return Object.fromEntries(KEYWORDS.flatMap((name) => (values[name] ? [[name, values[name]]] : [])));
}

/** Messages of which exactly one field is there, and written even when it is zero. */
const ALTERNATIVES = new Set(['Default', 'SchemaOrBool']);

/** Writes a document. */
export function encodeDocument(messages: Messages, document: object): Buffer {
  const fields = (message: Readonly<Record<string, Field>>) =>
    Object.fromEntries(Object.entries(message).map(([name, [id, type, rule]]) => [name, { id, type, ...(rule && { rule }) }]));
  const nested = Object.fromEntries(
    Object.entries(messages).map(([name, message]) => [
      name,
      { fields: fields(message), ...(ALTERNATIVES.has(name) && { oneofs: { value: { oneof: Object.keys(message) } } }) },
    ]),
  );
  const type = protobuf.Root.fromJSON({ nested }).lookupType('Document');
  return Buffer.from(type.encode(document).finish());
}

/** An object as the list of its fields. */
export function named<T, R>(values: Readonly<Record<string, T>>, convert: (value: T) => R): { name: string; value: R }[] {
  return Object.entries(values).map(([name, value]) => ({ name, value: convert(value) }));
}

/** A value of any kind travels as YAML. */
export function any(value: unknown): { yaml: string } {
  return { yaml: stringifyYaml(value, 'v3') };
}

/** What OpenAPI does not know. */
export function extensions(object: object): { name: string; value: { yaml: string } }[] {
  return named(Object.fromEntries(Object.entries(object).filter(([name]) => name.startsWith('x-'))), any);
}
