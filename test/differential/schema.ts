// The published schema of a kind, and every place within an object where something can be put.
import { fact } from '../../src/api/facts.js';
import type { Resource } from './resources.js';

/** A schema as facts/schemas.json has it, with references followed. */
export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Raw>>;
  readonly additionalProperties?: Raw;
  readonly items?: Raw;
}

type Raw = Schema & { readonly $ref?: string; readonly allOf?: readonly { readonly $ref: string }[] };
type Published = Raw & { readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[] };

export type Path = readonly (string | number)[];

/** A place in an object: what stands there, or undefined when the schema knows a field that the object lacks. */
export interface Place {
  readonly path: Path;
  /** The path without the indices of lists and the keys of maps. */
  readonly general: string;
  readonly schema: Schema;
  readonly value: unknown;
}

const LAST = /[^/]+$/;

/** The schema of what is sent to a resource or subresource, or undefined. */
export function schemaOf({ kindVersion, kind, custom }: Resource): Schema | undefined {
  return custom?.schema ?? published(kindVersion, kind);
}

function published(apiVersion: string, kind: string): Schema | undefined {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const all = fact<Record<string, Published>>('schemas');
  return Object.values(all).find((s) =>
    s['x-kubernetes-group-version-kind']?.some((gvk) => gvk.kind === kind && gvk.version === version && gvk.group === group),
  );
}

/** Follows references; the type of a reference is what is behind it. */
export function followed(raw: Raw): Schema {
  const reference = raw.$ref ?? raw.allOf?.[0]?.$ref;
  if (!reference) return raw;
  const found = fact<Record<string, Raw>>('schemas')[LAST.exec(reference)?.[0] ?? ''];
  if (!found) throw new Error(`no schema ${reference}`);
  return followed(found);
}

/** Every place of an object, parents before their parts: what it holds, and the declared fields it has not. */
export function places(schema: Schema, value: unknown, path: Path = [], general = ''): Place[] {
  const own: Place = { path, general, schema, value };
  if (Array.isArray(value)) {
    const items = schema.items && followed(schema.items);
    return [own, ...value.flatMap((v, i) => places(items ?? {}, v, [...path, i], `${general}[]`))];
  }
  if (typeof value !== 'object' || value === null) return [own];
  const fields = value as Record<string, unknown>;
  const names = [...new Set([...Object.keys(fields), ...Object.keys(schema.properties ?? {})])];
  return [
    own,
    ...names.flatMap((n) =>
      places(
        fieldSchema(schema, n),
        fields[n],
        [...path, n],
        `${general}.${schema.properties?.[n] || !schema.additionalProperties ? n : '*'}`,
      ),
    ),
  ];
}

function fieldSchema(schema: Schema, name: string): Schema {
  const raw = schema.properties?.[name] ?? schema.additionalProperties;
  return raw ? followed(raw) : {};
}

/**
 * A value of the schema with all its fields, or only those it must have.
 * @param depth how deep objects are filled; the schemas of JSON contain themselves
 */
export function filled(schema: Schema, all: boolean, depth = 5): unknown {
  if (schema.enum) return schema.enum.find((v) => v !== '');
  if (schema.properties) {
    const names = all && depth > 0 ? Object.keys(schema.properties) : (schema.required ?? []);
    return Object.fromEntries(names.map((n) => [n, filled(fieldSchema(schema, n), all, depth - 1)]));
  }
  if (schema.additionalProperties) return { x: filled(followed(schema.additionalProperties), all, depth - 1) };
  if (schema.items) return all && depth <= 0 ? [] : [filled(followed(schema.items), all, depth - 1)];
  return scalar(schema);
}

function scalar({ type, format }: Schema): unknown {
  if (type === 'integer') return 1;
  if (type === 'number') return 1.5;
  if (type === 'boolean') return true;
  if (type === 'object') return { x: 'y' };
  if (format === 'int-or-string') return 1;
  if (format === 'date-time') return '2020-01-02T03:04:05Z';
  if (format === 'byte') return 'eA==';
  return type === 'string' ? 'x' : '1';
}
