// How each API type looks on the wire: the field numbers of facts/protobuf.json joined with the JSON names and Go flags of
// facts/schemas.json and facts/structs.json. Plans are made on first use and shared.
import { fact } from '../facts.js';
import { type Alternatives, alternativesOf } from './alternatives.js';
import { type Special, specialOf } from './special.js';

/** Types of fields without parts, as .proto files name them. */
export type Scalar = 'string' | 'bytes' | 'bool' | 'int32' | 'int64' | 'double';

/** How a field is written and read. */
export interface FieldPlan {
  /** The name in JSON. */
  readonly name: string;
  readonly id: number;
  /** Undefined: `message` says what it is. */
  readonly scalar: Scalar | undefined;
  readonly message: () => Message;
  readonly repeated: boolean;
  readonly map: boolean;
  /** An embedded Go struct: a message on the wire, while in JSON its fields stand in the parent. */
  readonly inlined: boolean;
  /** Zero is a value of its own (a Go pointer), or is written even in JSON. */
  readonly keepsZero: boolean;
  /** An empty object is left out in JSON. */
  readonly omitsEmpty: boolean;
}

/** How a type is written and read. */
export interface Message {
  readonly fields: readonly FieldPlan[];
  readonly byId: ReadonlyMap<number, FieldPlan>;
  /** For types whose JSON form is no object of their fields. */
  readonly special: Special | undefined;
  /** For types that are one thing or another in JSON. */
  readonly alternatives: Alternatives | undefined;
}

interface RawField {
  readonly type: string;
  readonly id: number;
  readonly rule?: 'repeated';
  readonly keyType?: string;
}
interface RawNode {
  readonly fields?: Readonly<Record<string, RawField>>;
  readonly nested?: Readonly<Record<string, RawNode>>;
}

const SCALARS = new Set(['string', 'bytes', 'bool', 'int32', 'int64', 'double']);
const META = 'k8s.io.apimachinery.pkg.apis.meta.v1';

const plans = new Map<string, Message>();

/** The plan of a message by its full name: k8s.io.api.core.v1.Pod. @returns undefined when the facts do not know it */
function messageNamed(name: string): Message | undefined {
  const known = plans.get(name);
  if (known) return known;
  const raw = rawMessage(name);
  return raw && plan(name, raw, schemaName(name));
}

/** The plan of a kind. @returns undefined when it has no protobuf form */
export function messageOf(apiVersion: string, kind: string): Message | undefined {
  const found = kinds().get(`${apiVersion}/${kind}`);
  if (found !== undefined) return messageNamed(found);
  // options, Status and the like are of every group
  return messageNamed(
    apiVersion.startsWith('meta.k8s.io/') ? `k8s.io.apimachinery.pkg.apis.meta.${apiVersion.split('/')[1]}.${kind}` : `${META}.${kind}`,
  );
}

let kindNames: Map<string, string> | undefined;

/** `apps/v1/Deployment` → message name, for all kinds of the API. */
function kinds(): Map<string, string> {
  if (kindNames) return kindNames;
  kindNames = new Map();
  for (const [schema, { 'x-kubernetes-group-version-kind': own }] of Object.entries(
    fact<Record<string, { 'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[] }>>('schemas'),
  ))
    for (const { group, version, kind } of own ?? [])
      kindNames.set(
        `${group === '' ? version : `${group}/${version}`}/${kind}`,
        `k8s.io.${schema.slice('io.k8s.'.length).replaceAll('-', '_')}`,
      );
  for (const kind of ['APIGroupDiscoveryList', 'APIGroupDiscovery'])
    kindNames.set(`apidiscovery.k8s.io/v2/${kind}`, `k8s.io.api.apidiscovery.v2.${kind}`);
  return kindNames;
}

function schemaName(message: string): string {
  return `io.k8s.${message.slice('k8s.io.'.length).replaceAll('_', '-')}`;
}

function rawMessage(name: string): RawNode | undefined {
  let node: RawNode | undefined = fact<RawNode>('protobuf');
  for (const part of name.split('.')) node = node?.nested?.[part];
  return node?.fields ? node : undefined;
}

/** @param schema whose fields these are in JSON: the message's own, or those of what it is embedded in */
function plan(name: string, raw: RawNode, schema: string): Message {
  const special = specialOf(name);
  const fields: FieldPlan[] = [];
  const message: Message = { fields, byId: new Map(), special, alternatives: alternativesOf(name) };
  // known before its fields are made: types contain themselves
  if (schema === schemaName(name)) plans.set(name, message);
  const { names, flags } = jsonFields(schema);
  for (const [field, r] of Object.entries(raw.fields ?? {})) {
    const f = fieldPlan(name, field, r, schema, names, flags);
    fields.push(f);
    (message.byId as Map<number, FieldPlan>).set(f.id, f);
  }
  fields.sort((a, b) => a.id - b.id);
  return message;
}

function fieldPlan(
  message: string,
  field: string,
  raw: RawField,
  schema: string,
  names: ReadonlyMap<string, string>,
  flags: ReadonlyMap<string, string>,
): FieldPlan {
  const scalar = SCALARS.has(raw.type) ? (raw.type as Scalar) : undefined;
  const name = names.get(field.toLowerCase());
  const flag = flags.get(name ?? '') ?? 'o';
  const type = raw.type.startsWith('.') ? raw.type.slice(1) : `${message.slice(0, message.lastIndexOf('.'))}.${raw.type}`;
  const inlined = name === undefined && names.size > 0 && !scalar;
  return {
    name: name ?? field,
    id: raw.id,
    scalar,
    message: () => subMessage(type, inlined ? schema : undefined),
    repeated: raw.rule === 'repeated',
    map: raw.keyType !== undefined,
    inlined,
    keepsZero: flag.includes('p') || !flag.includes('o'),
    omitsEmpty: flag.includes('z'),
  };
}

const inlinedPlans = new Map<string, Message>();

function subMessage(type: string, inlinedIn: string | undefined): Message {
  if (inlinedIn === undefined) {
    const found = messageNamed(type);
    if (!found) throw new Error(`the facts know no message ${type}`);
    return found;
  }
  const key = `${type} in ${inlinedIn}`;
  let found = inlinedPlans.get(key);
  if (!found) {
    found = plan(type, rawMessage(type) ?? {}, inlinedIn);
    inlinedPlans.set(key, found);
  }
  return found;
}

/**
 * The fields of a schema in JSON: by the letters of their names in lower case (protobuf writes uID, aPIGroup, ref for $ref), and
 * their Go flags.
 */
function jsonFields(schema: string): { names: Map<string, string>; flags: Map<string, string> } {
  const { properties = {} } = fact<Record<string, { properties?: object }>>('schemas')[schema] ?? {};
  const flags = (fact<Record<string, [string, string][]>>('structs')[schema] ?? []).map(([name, text]): [string, string] => [
    name,
    text.split(' ')[0] ?? '',
  ]);
  return {
    names: new Map(Object.keys(properties).map((name) => [name.toLowerCase().replace(/[^a-z0-9]/g, ''), name])),
    flags: new Map(flags),
  };
}
