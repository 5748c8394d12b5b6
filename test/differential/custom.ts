// The custom resources that a run talks about: it creates their definitions on both servers.
import { BETA_SEEDS, type Definition, GADGET_SEEDS, GADGETS, WIDGET_SEEDS, WIDGET_STATUS, WIDGETS } from './custom-definitions.js';
import type { Resource } from './resources.js';
import type { Schema } from './schema.js';
import type { Fields } from './seeds.js';

/** What the facts and the recordings say of a built-in resource. */
export interface Custom {
  readonly definition: Definition;
  /** Of the objects of one version. */
  readonly schema: Schema;
  /** Valid objects, the smallest first. */
  readonly seeds: readonly Fields[];
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const PART_VERBS = ['get', 'patch', 'update'];
const METADATA = { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };

/** Each served version is a resource of its own. */
export function customResources(): Resource[] {
  return [resource(WIDGETS, 'v1', WIDGET_SEEDS), resource(WIDGETS, 'v1beta1', BETA_SEEDS), resource(GADGETS, 'v1', GADGET_SEEDS)];
}

function resource(definition: Definition, name: string, bodies: readonly Fields[]): Resource {
  const { group, names, scope, versions } = definition.spec;
  const version = versions.find((v) => v.name === name);
  if (!version) throw new Error(`no version ${name}`);
  const groupVersion = `${group}/${name}`;
  const seeds = bodies.map((s) => ({ apiVersion: groupVersion, kind: names.kind, ...s }));
  const custom: Custom = { definition, schema: ofObjects(version.schema.openAPIV3Schema as Schema), seeds };
  const own = { groupVersion, name: names.plural, kind: names.kind, kindVersion: groupVersion, namespaced: scope === 'Namespaced' };
  const part = { ...own, verbs: PART_VERBS, subresources: [] };
  const withStatus = { ...custom, seeds: seeds.map((s) => ({ ...s, status: WIDGET_STATUS })) };
  const { status, scale } = version.subresources ?? {};
  const parts: Resource[] = [
    ...(status ? [{ ...part, subresource: 'status', custom: withStatus }] : []),
    ...(scale ? [{ ...part, subresource: 'scale', kind: 'Scale', kindVersion: 'autoscaling/v1' }] : []),
  ];
  return { ...own, verbs: VERBS, subresources: parts, custom };
}

/** With what every object has besides. */
function ofObjects(schema: Schema): Schema {
  const { spec = {}, status } = schema.properties ?? {};
  const text = { type: 'string' };
  return { ...schema, properties: { apiVersion: text, kind: text, metadata: METADATA, spec, ...(status && { status }) } };
}
