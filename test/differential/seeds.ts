// Valid objects to begin with: the bodies that the real server accepted in the recorded conversations (fixtures/recordings).
import { readdirSync, readFileSync } from 'node:fs';
import type { Recording } from '../conformance/recording.js';
import type { Resource } from './resources.js';
import { dotted } from './mutations.js';
import { filled, places, type Schema } from './schema.js';

export type Fields = Record<string, unknown>;

/** The objects of a resource, and the bodies sent to its subresources. */
export interface Seed {
  readonly resource: string;
  readonly subresource: string;
  readonly body: Fields;
}

const recordings = new URL('../../fixtures/recordings/', import.meta.url);
/** Parts of a request that come from an earlier answer. */
const REFERENCE = /\$\{(?!ns\})/;

let loaded: Seed[] | undefined;

/** Every body that created or replaced something, smallest first. */
function allSeeds(): readonly Seed[] {
  loaded ??= readdirSync(recordings)
    .sort()
    .flatMap((file) => (JSON.parse(readFileSync(new URL(file, recordings), 'utf8')) as Recording).cases)
    .flatMap((c) => c.steps)
    .flatMap(({ request: { method, path, body }, response }) => {
      const status = (response as { status?: number } | undefined)?.status;
      if (!['POST', 'PUT'].includes(method ?? '') || (status !== 200 && status !== 201) || typeof body !== 'object') return [];
      if (REFERENCE.test(JSON.stringify(body))) return [];
      return [{ ...addressed(path), body: body as Fields }];
    })
    .sort((a, b) => JSON.stringify(a.body).length - JSON.stringify(b.body).length);
  return loaded;
}

/** apps/v1/deployments and `status` of a path. */
function addressed(path: string): { resource: string; subresource: string } {
  const [root, ...parts] = (path.split('?')[0] ?? '').slice(1).split('/');
  const groupVersion = root === 'api' ? (parts.shift() ?? '') : `${parts.shift()}/${parts.shift()}`;
  if (parts[0] === 'namespaces' && parts.length > 2 && !['status', 'finalize'].includes(parts[2] ?? '')) parts.splice(0, 2);
  return { resource: `${groupVersion}/${parts[0]}`, subresource: parts.slice(2).join('/') };
}

/**
 * A few valid objects that together hold every field that any recorded one holds, the smallest first.
 * @param most how many at most
 */
export function seedsOf(r: Resource, schema: Schema, most: number): Fields[] {
  if (r.custom) return r.custom.seeds.slice(0, most);
  const wanted = allSeeds().filter((s) => s.resource === `${r.groupVersion}/${r.name}` && s.subresource === (r.subresource ?? ''));
  const complete = wanted.map((s): Fields => ({ apiVersion: r.kindVersion, kind: r.kind, ...s.body }));
  // nobody has recorded a Binding
  if (complete.length === 0) complete.push({ ...(filled(schema, true) as Fields), ...plainHead(r) });
  const chosen: Fields[] = [];
  const covered = new Set<string>();
  const gain = (o: Fields): number => held(schema, o).filter((p) => !covered.has(p)).length;
  for (let next = complete[0]; next && chosen.length < most; ) {
    chosen.push(next);
    for (const p of held(schema, next)) covered.add(p);
    next = complete.map((o) => ({ o, gain: gain(o) })).reduce((a, b) => (b.gain > a.gain ? b : a)).o;
    if (gain(next) === 0) break;
  }
  return chosen;
}

function plainHead({ kindVersion: apiVersion, kind }: Resource): Fields {
  return { apiVersion, kind, metadata: { name: 'plain' } };
}

/** The fields an object sets, all items of a list being one. */
function held(schema: Schema, object: Fields): string[] {
  return places(schema, object)
    .filter((p) => p.value !== undefined)
    .map((p) => dotted(p.path.map((s) => (typeof s === 'number' ? 0 : s))));
}
