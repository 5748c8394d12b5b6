// The types of the API as a tree: what decoding, strategic merge and server-side apply walk. Built-in types come from
// facts/schemas.json and facts/structs.json; types of CustomResourceDefinitions are made of the same nodes at run time.
import { fact } from '../facts.js';

/** Scalars, and the types whose JSON form is special. `any` is JSON of any form (RawExtension, FieldsV1, JSON). */
export type ScalarKind =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint32'
  | 'float64'
  | 'bytes'
  | 'quantity'
  | 'time'
  | 'microTime'
  | 'intOrString'
  | 'any';

/** A single value. */
export interface ScalarType {
  readonly kind: 'scalar';
  readonly scalar: ScalarKind;
  /** For `any`: the fields of an object have owners of their own (custom resources without a schema), not the object as a whole. */
  readonly granular?: boolean;
  /** The type as Go's messages name it: v1.RestartPolicy. */
  readonly goName: string;
}

/** Who owns what within a list: the whole (atomic), each value (set), or each item, found by its keys (map). */
export type ListOwnership = 'atomic' | 'set' | 'map';

/** A list of values of one type. */
export interface ListType {
  readonly kind: 'list';
  readonly goName: string;
  readonly items: Type;
  readonly ownership: ListOwnership;
  /** For `map` lists: the fields that tell items apart. */
  readonly keys: readonly string[];
}

/** Values of one type by names that anybody may choose. */
export interface MapType {
  readonly kind: 'map';
  readonly goName: string;
  readonly values: Type;
  /** One owner for the whole map (x-kubernetes-map-type: atomic). */
  readonly atomic: boolean;
}

/** A type that takes either a schema, or the other form: the JSONSchemaPropsOr… of apiextensions. */
export interface UnionType {
  readonly kind: 'union';
  readonly goName: string;
  readonly object: StructType;
  readonly other: 'bool' | ListType;
}

/** A Go struct: its fields in Go's order. */
export interface StructType {
  readonly kind: 'struct';
  readonly goName: string;
  /** The bare name of the Go type: PodSpec. */
  readonly name: string;
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** One owner for the whole struct (x-kubernetes-map-type: atomic). */
  readonly atomic: boolean;
  /** Fields that are not declared are kept as they are: objects of CRDs that preserve unknown fields. */
  readonly open: boolean;
  /** Of an open one: drops what has no place in a decoded object. @returns the paths of what it dropped */
  readonly prune?: (object: Record<string, unknown>, keepNulls: boolean) => string[];
}

/** The type of a value: what decoding, merging and field ownership go by. */
export type Type = ScalarType | ListType | MapType | UnionType | StructType;

/** A field of a struct, as facts or a CRD describe it. */
export interface FieldInput {
  readonly name: string;
  /** Left out when it has Go's zero value and is no pointer. */
  readonly omitEmpty: boolean;
  /** Left out when it is a struct with nothing set. */
  readonly omitZero?: boolean;
  /** Absent and zero are two things. */
  readonly pointer: boolean;
  readonly required?: boolean;
  /** The value an absent field stands for, where the schema says so (a Service port's protocol). */
  readonly default?: unknown;
  /** The field's own say on who owns a struct or map: overrides the type's. */
  readonly atomic?: boolean;
  readonly patchStrategy?: readonly string[];
  readonly patchMergeKey?: string;
  /** Embedded Go structs on the way to the field, as Go's messages print them: ProbeHandler. */
  readonly embeddedIn?: string;
}

/** A field of a struct. Its type is made on first use, since types may contain themselves. */
export class Field {
  readonly name: string;
  readonly omitEmpty: boolean;
  readonly omitZero: boolean;
  readonly pointer: boolean;
  readonly required: boolean;
  readonly default: unknown;
  readonly atomic: boolean | undefined;
  readonly patchStrategy: readonly string[];
  readonly patchMergeKey: string;
  readonly embeddedIn: string;
  #type: Type | (() => Type);

  constructor(input: FieldInput, type: Type | (() => Type)) {
    this.name = input.name;
    this.omitEmpty = input.omitEmpty;
    this.omitZero = input.omitZero ?? false;
    this.pointer = input.pointer;
    this.required = input.required ?? false;
    this.default = input.default;
    this.atomic = input.atomic;
    this.patchStrategy = input.patchStrategy ?? [];
    this.patchMergeKey = input.patchMergeKey ?? '';
    this.embeddedIn = input.embeddedIn ?? '';
    this.#type = type;
  }

  get type(): Type {
    if (typeof this.#type === 'function') this.#type = this.#type();
    return this.#type;
  }
}

const GO_NAMES: Readonly<Record<ScalarKind, string>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  uint8: 'uint8',
  uint32: 'uint32',
  float64: 'float64',
  bytes: '[]uint8',
  quantity: 'resource.Quantity',
  time: 'v1.Time',
  microTime: 'v1.MicroTime',
  intOrString: 'intstr.IntOrString',
  any: 'interface {}',
};

/** Makes a struct type: for built-in types below, and for CustomResourceDefinitions. */
export function structType(
  goName: string,
  fields: readonly Field[],
  options: { atomic?: boolean; open?: boolean; prune?: StructType['prune'] } = {},
): StructType {
  const byName = new Map(fields.map((f) => [f.name, f]));
  const name = goName.slice(goName.lastIndexOf('.') + 1);
  const { atomic = false, open = false, prune } = options;
  return { kind: 'struct', goName, name, fields, byName, atomic, open, ...(prune && { prune }) };
}

/** A value without parts. */
export function scalarType(scalar: ScalarKind, goName: string = GO_NAMES[scalar]): ScalarType {
  return { kind: 'scalar', scalar, goName };
}

/** A list; by default one owner has all of it. */
export function listType(items: Type, options: { ownership?: ListOwnership; keys?: readonly string[]; goName?: string } = {}): ListType {
  return {
    kind: 'list',
    items,
    ownership: options.ownership ?? 'atomic',
    keys: options.keys ?? [],
    goName: options.goName ?? `[]${items.goName}`,
  };
}

/** A map of any keys; by default each entry has an owner of its own. */
export function mapType(values: Type, options: { atomic?: boolean; goName?: string } = {}): MapType {
  return { kind: 'map', values, atomic: options.atomic ?? false, goName: options.goName ?? `map[string]${values.goName}` };
}

/** JSON of any form, owned as a whole. */
export const ANY: ScalarType = scalarType('any', 'interface {}');
/** JSON of any form, whose fields have owners of their own. */
export const UNDECLARED: ScalarType = { ...ANY, granular: true };

// ---- built-in types, from facts ----

interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly type?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly 'x-kubernetes-group-version-kind'?: readonly object[];
  readonly 'x-kubernetes-list-type'?: ListOwnership;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
}

type StructFacts = Readonly<Record<string, readonly (readonly [name: string, flagsAndKind: string])[]>>;
/** Go's names of field types that the schema does not tell, and the structs fields are embedded in. */
type GoFacts = Readonly<Record<string, Readonly<Record<string, string | readonly [goName: string, embeddedIn: string]>>>>;

const REF = '#/components/schemas/';
const APIEXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.';
const SPECIAL: Readonly<Record<string, ScalarKind>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'microTime',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': 'any',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Patch': 'any',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'any',
  [`${APIEXTENSIONS}JSON`]: 'any',
};

/** The Go name of objects of any form, which tells them from other JSON. */
export const RAW_EXTENSION = 'runtime.RawExtension';
const SPECIAL_GO_NAMES: Readonly<Record<string, string>> = {
  'io.k8s.apimachinery.pkg.runtime.RawExtension': RAW_EXTENSION,
  [`${APIEXTENSIONS}JSON`]: 'v1.JSON',
};

/** The API's types do not change while a process runs, so they are shared by all of it. */
const types = new Map<string, Type>();

/**
 * The type of a schema in facts/schemas.json, made on first use: `typeOf('io.k8s.api.core.v1.Pod')`.
 * @throws Error when the facts do not know it
 */
export function typeOf(schemaName: string): Type {
  let type = types.get(schemaName);
  if (!type) {
    type = build(schemaName);
    types.set(schemaName, type);
  }
  return type;
}

/** The type of an object's schema. @throws Error when it is no struct */
export function structTypeOf(schemaName: string): StructType {
  const type = typeOf(schemaName);
  if (type.kind !== 'struct') throw new Error(`${schemaName} is no struct`);
  return type;
}

/** A kind of objects, as far as its types go. */
export interface Typed {
  /** A name in facts/schemas.json; not asked for where there is a `struct`. */
  readonly schema: string;
  /** Of kinds made at run time: how their objects are read and written. */
  readonly struct?: StructType | undefined;
  /** Of kinds made at run time: which of their parts have owners of their own. */
  readonly owned?: StructType | undefined;
}

/** How objects of a kind are read and written. @throws Error when the facts do not know it */
export function objectType({ schema, struct }: Typed): StructType {
  return struct ?? structTypeOf(schema);
}

/** Which parts of objects of a kind have owners of their own. @throws Error when the facts do not know it */
export function ownedType(kind: Typed): StructType {
  return kind.owned ?? objectType(kind);
}

/** What every kind says of itself; embedded in Go's structs. */
const TYPE_META = ['kind', 'apiVersion'];

function build(schemaName: string): Type {
  const special = SPECIAL[schemaName];
  if (special) return scalarType(special, SPECIAL_GO_NAMES[schemaName]);
  const goName = goNameOf(schemaName);
  if (schemaName.startsWith(`${APIEXTENSIONS}JSONSchemaPropsOr`)) return buildUnion(schemaName, goName);
  const schema = fact<Record<string, Schema>>('schemas')[schemaName];
  const facts = fact<StructFacts>('structs')[schemaName];
  if (!schema || !facts) throw new Error(`the facts know no type ${schemaName}`);
  const go = fact<GoFacts>('go-types')[schemaName] ?? {};
  const isKind = schema['x-kubernetes-group-version-kind'] !== undefined;
  const fields = facts.map(([name, flagsAndKind]) => {
    const property = schema.properties?.[name] ?? {};
    const [known, embeddedIn] =
      typeof go[name] === 'string' ? [go[name], ''] : (go[name] ?? ['', isKind && TYPE_META.includes(name) ? 'TypeMeta' : '']);
    return buildField(name, flagsAndKind, property, { goName: known, embeddedIn, required: schema.required?.includes(name) ?? false });
  });
  return structType(goName, fields, { atomic: schema['x-kubernetes-map-type'] === 'atomic' });
}

function buildField(
  name: string,
  flagsAndKind: string,
  schema: Schema,
  rest: { goName: string; embeddedIn: string; required: boolean },
): Field {
  const flags = flagsAndKind.slice(0, flagsAndKind.indexOf(' '));
  const mapKind = schema['x-kubernetes-map-type'];
  const input: FieldInput = {
    name,
    omitEmpty: flags.includes('o'),
    omitZero: flags.includes('z'),
    pointer: flags.includes('p'),
    required: rest.required,
    default: schema.default,
    ...(mapKind && { atomic: mapKind === 'atomic' }),
    patchStrategy: schema['x-kubernetes-patch-strategy']?.split(',') ?? [],
    patchMergeKey: schema['x-kubernetes-patch-merge-key'] ?? '',
    embeddedIn: rest.embeddedIn,
  };
  return new Field(input, () => typeOfSchema(schema, rest.goName, flagsAndKind.slice(flags.length + 1)));
}

function buildUnion(schemaName: string, goName: string): UnionType {
  const object = structTypeOf(`${APIEXTENSIONS}JSONSchemaProps`);
  const other = schemaName.endsWith('Bool') ? 'bool' : listType(schemaName.endsWith('StringArray') ? scalarType('string') : object);
  return { kind: 'union', goName, object, other };
}

/** io.k8s.api.core.v1.Pod → v1.Pod */
function goNameOf(schemaName: string): string {
  return schemaName.split('.').slice(-2).join('.');
}

function typeOfSchema(schema: Schema, goName: string, goKind = ''): Type {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (ref) return typeOf(ref.slice(REF.length));
  switch (schema.type) {
    case 'array':
      return listType(typeOfSchema(schema.items ?? {}, goName.startsWith('[]') ? goName.slice(2) : ''), {
        ownership: schema['x-kubernetes-list-type'] ?? 'atomic',
        keys: schema['x-kubernetes-list-map-keys'] ?? [],
        ...(goName && { goName }),
      });
    case 'object':
      if (!schema.additionalProperties) return ANY;
      return mapType(typeOfSchema(schema.additionalProperties, /^map\[.*?\](.+)$/.exec(goName)?.[1] ?? ''), {
        atomic: schema['x-kubernetes-map-type'] === 'atomic',
        ...(goName && { goName }),
      });
    default: {
      const scalar = scalarOfSchema(schema, goKind);
      return goName === '' ? scalarType(scalar) : scalarType(scalar, goName);
    }
  }
}

function scalarOfSchema(schema: Schema, goKind: string): ScalarKind {
  switch (schema.type) {
    case 'string':
      return schema.format === 'byte' ? 'bytes' : 'string';
    case 'boolean':
      return 'bool';
    case 'integer':
      return goKind === 'int32' || schema.format === 'int32' ? 'int32' : 'int64';
    case 'number':
      return 'float64';
    default:
      return 'any';
  }
}
