// Every field of every kind, wrong in every way: created, updated and written to subresources, as dry runs.
import { decodeObject, encodeObject, type ApiObject } from '../../../src/api/protobuf/index.js';
import { stringifyYaml } from '../../../src/util/yaml.js';
import { type Mutation, mutationsOf, written } from '../mutations.js';
import { filled, followed, type Path, schemaOf } from '../schema.js';
import { type Fields, seedsOf } from '../seeds.js';
import { type Conversation, JSON_BODY, nameOf, type Part, type Step, type Subject } from './part.js';

const MOST_SEEDS = 3;
const STRICTNESS = ['Strict', 'Ignore', 'Warn'] as const;

/** Unknown and repeated fields are told according to fieldValidation, so they are sent with each. */
function* withValidation(m: Mutation, step: Step): Iterable<Conversation> {
  yield { name: m.name, steps: [step] };
  if (!/unknown field|twice$/.test(m.name)) return;
  for (const s of STRICTNESS) yield { name: `${m.name}, ${s}`, steps: [{ ...step, path: `${step.path}&fieldValidation=${s}` }] };
}

/** POST of a valid object with one thing wrong. */
export const create: Part = {
  name: 'create',
  needsSeeds: false,
  *conversations({ resource, schema, collection, seeds, again }: Subject) {
    if (!resource.verbs.includes('create')) return;
    for (const [m] of mutationsOf(schema, seeds.map(renamed), again))
      yield* withValidation(m, { method: 'POST', path: `${collection}?dryRun=All`, headers: JSON_BODY, body: m.text });
  },
};

/** The same as YAML and, where it can be said so, as protobuf; answered in the same form. */
export const content: Part = {
  name: 'content',
  needsSeeds: false,
  *conversations({ resource, schema, collection, seeds, again }: Subject) {
    if (!resource.verbs.includes('create')) return;
    for (const [m] of mutationsOf(schema, seeds.map(renamed), again)) {
      const step = { method: 'POST', path: `${collection}?dryRun=All` };
      const yaml = { 'content-type': 'application/yaml', accept: 'application/yaml' };
      yield* withValidation({ ...m, name: `${m.name} in yaml` }, { ...step, headers: yaml, body: asYaml(m) });
      const body = asProtobuf(m.text);
      const protobuf = { 'content-type': PROTOBUF, accept: PROTOBUF };
      if (body) yield { name: `${m.name} in protobuf`, steps: [{ ...step, headers: protobuf, body }] };
    }
  },
};

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** Keys that stand twice stay: JSON is YAML too. */
function asYaml({ name, text }: Mutation): string {
  return name.endsWith('twice') ? text : stringifyYaml(JSON.parse(text));
}

/** Undefined when protobuf cannot say it: a wrong type, an unknown field, null. */
function asProtobuf(text: string): Buffer | undefined {
  const object = JSON.parse(text) as ApiObject;
  try {
    const bytes = encodeObject(object);
    return holds(decodeObject(bytes), object) ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Whether all of `part` is in `whole`: what is read from protobuf has zero values besides. */
function holds(whole: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null || typeof whole !== 'object' || whole === null) return Object.is(whole, part);
  return Array.isArray(part) === Array.isArray(whole) && Object.entries(part).every(([k, v]) => holds((whole as Fields)[k], v));
}

/** PUT of an existing object with one thing changed: what may not change is found here. */
export const update: Part = {
  name: 'update',
  needsSeeds: true,
  *conversations({ resource, schema, collection, seeds, again }: Subject) {
    if (!resource.verbs.includes('update')) return;
    for (const [m, i] of mutationsOf(schema, seeds.map(versioned), again)) {
      const path = `${collection}/${nameOf(seeds[i] ?? {})}?dryRun=All`;
      yield* withValidation(m, { method: 'PUT', path, headers: JSON_BODY, body: m.text });
    }
  },
};

/** PUT and POST to every subresource. */
export const subresources: Part = {
  name: 'subresource',
  needsSeeds: true,
  *conversations({ resource, collection, seeds, again }: Subject) {
    for (const sub of resource.subresources) {
      const schema = schemaOf(sub);
      const method = sub.verbs.includes('update') ? 'PUT' : sub.verbs.includes('create') ? 'POST' : undefined;
      if (!schema || !method || STREAMED.has(sub.subresource ?? '')) continue;
      const bodies = seeds.flatMap((seed, i) => subresourceBodies(sub, seed, i).map((body) => ({ seed, body })));
      for (const [m, i] of mutationsOf(
        schema,
        bodies.map((b) => b.body),
        again,
      )) {
        if (sub.kind === resource.kind && !belongs(m.place.path, sub.subresource ?? '')) continue;
        const path = `${collection}/${nameOf(bodies[i]?.seed ?? {})}/${sub.subresource}?dryRun=All`;
        yield* withValidation(m, { method, path, headers: JSON_BODY, body: m.text });
      }
    }
  },
};

/** These open connections; parts of their own. */
const STREAMED = new Set(['exec', 'attach', 'portforward', 'proxy', 'log']);

function subresourceBodies(sub: Subject['resource'], seed: Fields, index: number): Fields[] {
  const schema = schemaOf(sub);
  const metadata = { name: (seed.metadata as Fields).name };
  if (!schema) return [];
  if (sub.subresource !== 'status' && sub.kind !== seed.kind) {
    const recorded = seedsOf(sub, schema, MOST_SEEDS).map((s): Fields => ({ ...s, metadata }));
    const plain = {
      apiVersion: sub.kindVersion,
      kind: sub.kind,
      metadata,
      ...(schema.properties?.spec && { spec: filled(followed(schema.properties.spec), false) }),
    };
    return recorded.length > 0 ? recorded : [plain];
  }
  const base = versioned(seed, index);
  const recorded = seedsOf(sub, schema, MOST_SEEDS).flatMap((s) => (s.status ? [{ ...base, status: s.status }] : []));
  const status = schema.properties?.status;
  return [...recorded, status ? { ...base, status: filled(followed(status), false) } : base];
}

/** What a subresource lets be changed, and a little of the rest. */
function belongs(path: Path, subresource: string): boolean {
  if (path[0] === 'status') return true;
  return subresource === 'status' ? path.length <= 2 : path[0] !== 'status';
}

/** Patches of every form that put one thing wrong. */
export const patch: Part = {
  name: 'patch',
  needsSeeds: true,
  *conversations({ resource, schema, collection, seeds, again }: Subject) {
    if (!resource.verbs.includes('patch')) return;
    for (const [m, i] of mutationsOf(schema, seeds, again)) {
      const seed = seeds[i] ?? {};
      const path = `${collection}/${nameOf(seed)}?dryRun=All`;
      for (const [type, body] of patchesFor(m, seed)) {
        const query = type === 'apply' ? '&fieldManager=differ&force=true' : '';
        const headers = { 'content-type': type === 'apply' ? 'application/apply-patch+yaml' : `application/${type}-patch+json` };
        yield* withValidation({ ...m, name: `${m.name} by ${type}` }, { method: 'PATCH', path: path + query, headers, body });
      }
    }
  },
};

/** JSON patches say what happens to which place; the other forms carry the changed branch of the object. */
function* patchesFor(m: Mutation, seed: Fields): Iterable<[string, string]> {
  const { path, value } = m.place;
  const pointer = path.map((s) => `/${String(s).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  const op = m.value === undefined ? 'remove' : value === undefined ? 'add' : 'replace';
  yield ['json', written([{ op, path: pointer, ...(m.value !== undefined && { value: m.value }) }])];
  const branch = written(branchOf(seed, path, m.value === undefined ? null : m.value));
  yield ['merge', branch];
  yield ['strategic-merge', branch];
  yield ['apply', m.text];
}

/** Only what leads to the place; an item of a list with the siblings that can identify it. */
function branchOf(value: unknown, path: Path, to: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return to;
  if (!Array.isArray(value)) return { [step]: branchOf((value as Fields)[step], rest, to) };
  const item = value[step as number] as unknown;
  const inside = branchOf(item, rest, to);
  const isFields = (v: unknown): v is Fields => typeof v === 'object' && v !== null && !Array.isArray(v);
  const scalars = isFields(item) ? Object.entries(item).filter(([, v]) => typeof v !== 'object') : [];
  return [isFields(inside) ? { ...Object.fromEntries(scalars), ...inside } : inside];
}

/** A copy for dry runs of create beside the object that exists. Addresses and the like keep their names: those say something. */
function renamed(seed: Fields): Fields {
  const metadata = seed.metadata as Fields | undefined;
  const name = metadata?.name;
  return typeof name === 'string' && /^[a-z][a-z0-9-]*$/.test(name) ? { ...seed, metadata: { ...metadata, name: `${name}-d` } } : seed;
}

function versioned(seed: Fields, index: number): Fields {
  return { ...seed, metadata: { ...(seed.metadata as Fields), resourceVersion: `\${seed:${index}.metadata.resourceVersion}` } };
}
