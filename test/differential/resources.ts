// What there is to talk about: every resource and subresource of the API, as facts/discovery.json lists them, and custom ones.
import { fact } from '../../src/api/facts.js';
import { type Custom, customResources } from './custom.js';

/** A resource or subresource. */
export interface Resource {
  /** apps/v1; v1 for the core group. */
  readonly groupVersion: string;
  /** deployments */
  readonly name: string;
  /** status, scale, … of `name`. */
  readonly subresource?: string;
  readonly kind: string;
  /** The group and version of what is sent: that of `scale` is autoscaling/v1. */
  readonly kindVersion: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly Resource[];
  /** Of a custom resource and of its status. */
  readonly custom?: Custom;
}

interface Discovered {
  readonly name: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

/** All resources that exist in v1.36, those of the core group first, and custom ones. */
export function allResources(): Resource[] {
  const discovery = fact<Record<string, { kind?: string; groupVersion?: string; resources?: Discovered[] }>>('discovery');
  const builtIn = Object.values(discovery).flatMap(({ kind, groupVersion = '', resources = [] }) =>
    kind === 'APIResourceList' ? resources.filter((r) => !r.name.includes('/')).map((r) => resource(groupVersion, r, resources)) : [],
  );
  return [...builtIn, ...customResources()];
}

/** The resources chosen by name: `pods`, `apps/v1/deployments`; all when none is. @throws Error for an unknown one */
export function chosenResources(names: readonly string[]): Resource[] {
  const all = allResources();
  if (names.length === 0) return all;
  return names.flatMap((name) => {
    const found = all.filter((r) => r.name === name || `${r.groupVersion}/${r.name}` === name);
    if (found.length === 0) throw new Error(`no resource ${name}`);
    return found;
  });
}

/** Where the objects of a resource are. */
export function collectionPath(r: Resource, namespace: string): string {
  const root = r.groupVersion.includes('/') ? `/apis/${r.groupVersion}` : `/api/${r.groupVersion}`;
  return r.namespaced ? `${root}/namespaces/${namespace}/${r.name}` : `${root}/${r.name}`;
}

function resource(groupVersion: string, r: Discovered, all: readonly Discovered[]): Resource {
  const [name = '', subresource] = r.name.split('/');
  return {
    groupVersion,
    name,
    ...(subresource && { subresource }),
    kind: r.kind,
    kindVersion: r.version ? (r.group ? `${r.group}/${r.version}` : r.version) : groupVersion,
    namespaced: r.namespaced,
    verbs: r.verbs,
    subresources: subresource ? [] : all.filter((s) => s.name.startsWith(`${name}/`)).map((s) => resource(groupVersion, s, all)),
  };
}
