// The type of a resource definition. A built-in kind is one file whose default export is `define({...})`; a CRD makes the
// same value at run time. Routes, discovery, OpenAPI, tables, watch, status and scale all follow from it.
import type { Services, ObjectKey, DeleteOptions, Context, Allocation } from './context.js';
import { fact } from './facts.js';
import type { FieldError } from './meta/field-errors.js';
import type { NameRule } from './meta/names.js';
import { apiVersionOf, type KubeObject, type Resource } from './meta/object.js';
import type { StructType } from './schema/types.js';
import type { JSONSchemaProps } from './types/apiextensions-v1.gen.js';

/** What can be done with a resource. */
export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

/** A column of a Table answer, as in facts/table-columns.json. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description?: string;
  /** The field it is described as: `io.k8s.api.core.v1.PodStatus#podIP`. */
  readonly describes?: string;
  /** 0: always shown; 1: with -o wide. */
  readonly priority: number;
}

/** Names a kind. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/**
 * A part of an object under a URL of its own. What `status` may touch the store knows, and `scale` is a view: one that has
 * `write` changes the object itself, whose own hooks are asked then. For every other part this is asked instead of them.
 */
export interface Subresource<T extends KubeObject = KubeObject> {
  /** From facts: get, patch, update, create … */
  readonly verbs: readonly string[];
  /** The kind of its body where it is not the kind of the object: Scale, Eviction, TokenRequest … */
  readonly body?: GroupVersionKind;
  /** Other versions of that kind, of the same shape, that clients may send. */
  readonly otherVersions?: readonly string[];
  /** GET: what to answer; default: the object. */
  read?(object: T, context: Context): KubeObject;
  /** PATCH: what the patch is written against. Default: as `read`. */
  base?(object: T, context: Context): KubeObject;
  /** PUT and PATCH: brings `input` into `object` (a copy that may be changed). Throws ApiError to refuse. Default: the object is replaced as `prepare` allows. */
  write?(object: T, input: KubeObject, context: Context): void;
  /** What its writes leave as it was, beside what they have nothing to do with: paths of fields, or `metadata` for what clients may set of it. */
  readonly keeps?: readonly string[];
  /** With `metadata` in `keeps`: its writes leave all of it as it was, whatever the client says, and not only what could be set. */
  readonly keepsAllMetadata?: boolean;
  /** Paths of fields that nobody comes to own through it, though its writes may touch them. */
  readonly unowned?: readonly string[];
  /** As the kind's begin, for writes of this part. */
  begin?(object: T, old: T, context: Context): Promise<Allocation | undefined>;
  /** As the kind's prepareUpdate, for writes of this part. */
  prepare?(object: T, old: T, context: Context): void;
  /** As the kind's, for writes of this part. Default: `change` as the kind's, not the `whole`. */
  readonly ownMetadataChecks?: { readonly change?: boolean; readonly whole?: boolean };
  /** As the kind's validateUpdate, for writes of this part. Default: nothing is wrong. */
  validate?(object: T, old: T, context: Context): FieldError[];
  /** As the kind's warnings, for writes of this part. Default: none. */
  warnings?(object: T, old: T, context: Context): string[];
  /** The one field of the object that the view shows, for field managers: `spec.replicas`. It stands at spec.replicas in the view. */
  readonly shows?: string;
  /** POST: the uid that the body names is that of the object it is meant for (Binding), and is not wiped as of what is created. */
  readonly keepsUid?: boolean;
  /** POST: fills in defaults of the body. */
  defaults?(body: KubeObject): void;
  /** POST: acts, and returns the answer's body. `body` is decoded and defaulted. */
  create?(context: Context, key: ObjectKey, body: KubeObject): Promise<KubeObject>;
  /** GET: the columns and rows of what it answers. Default: those of the kind. `none`: it is not served as a Table. */
  readonly table?: Table<T> | 'none';
  /** Its writes may change the status as those of `status` may (approval of a CertificateSigningRequest). */
  readonly changesStatus?: boolean;
  /** A node answers, not the store: with the text of a container's log, or over a connection of its own (exec, attach, portforward, proxy). */
  readonly connect?: 'log' | 'tunnel';
  /** What of the object and the query is looked at before a node is asked for a tunnel. Throws ApiError to refuse it. */
  checkConnect?(object: T, query: URLSearchParams): void;
}

/** How objects are shown as rows of a table. */
export type Table<T extends KubeObject = KubeObject> = { readonly columns: readonly Column[] } & Pick<
  Hooks<T>,
  'row' | 'compareRows' | 'rowConditions' | 'carriedAnnotations'
>;

/** Where clients see how a kind is served. Upstream has types of built-in kinds, and one handler without types for all custom resources. */
export interface Serving {
  /** Each path is a route, with what belongs to routes: old paths of watches, all parameters in OpenAPI, and that it has no other method. */
  readonly routes: boolean;
  /** The path says what an object is: bodies need not name their kind, and items of lists do not. */
  readonly typed: boolean;
  /** Objects are served as protobuf too. */
  readonly protobuf: boolean;
  /** Strategic merge patches are understood. */
  readonly strategicMerge: boolean;
  /** Discovery names group and version of the kind though they are those of the resource. */
  readonly wholeKind: boolean;
  /** Input in a version that is not stored goes through the stored one and back, before anything looks at it; or it is converted only where it is stored. */
  readonly throughStored: boolean;
}

/** How the kinds are served that the API has of itself. */
export const BUILT_IN: Serving = {
  routes: true,
  typed: true,
  protobuf: true,
  strategicMerge: true,
  wholeKind: false,
  throughStored: true,
};

/**
 * What is special about a kind. Every hook has a default, so a plain kind has none. Hooks are synchronous and pure but
 * for `begin` and `create`: an update may run them again after a conflict. Objects given to hooks are decoded (types are
 * right, absent lists and maps are undefined, quantities canonical).
 */
export interface Hooks<T extends KubeObject = KubeObject> {
  /** Fills in defaults, as the kind's SetDefaults_* functions do. Runs on all input, and on what a patch made. May be asked again on a defaulted object. */
  defaults?(object: T): void;
  /** Of a new object (`old` is undefined) and a changed one, before prepareCreate or prepareUpdate: takes away what is not kept. Not for parts that have a URL of their own. */
  prepare?(object: T, old: T | undefined, context: Context): void;
  /** Before validation of a new object. The store has already dropped `status` (unless keepStatusOnCreate) and set metadata. */
  prepareCreate?(object: T, context: Context): void;
  /** After validation of a new object: upstream's Canonicalize. */
  canonicalize?(object: T): void;
  /**
   * Fills in what creation left open, as upstream's defaults do on every reading. What was stored like that is written anew by
   * the first update, even by one that changes nothing. The object itself stays as it is, and may be frozen.
   * @returns a whole object; the very one it was given when nothing was open
   */
  complete?(object: T): T;
  /** Before validation of a changed object. The store has already restored what may not change: `status`, or for the part that is `status` all but it and metadata (these are then the very parts of `old`, which nobody may change). */
  prepareUpdate?(object: T, old: T, context: Context): void;
  /** @returns all that is wrong with a new object, metadata excluded (the store checks that) */
  validate?(object: T, context: Context): FieldError[];
  /** @returns all that is wrong with a changed object; calls its own `validate` where upstream does. Default: `validate`. */
  validateUpdate?(object: T, old: T, context: Context): FieldError[];
  /** Texts for Warning headers. */
  warnings?(object: T, old: T | undefined, context: Context): string[];
  /** How a name is checked: default dnsSubdomain. @returns messages as of apimachinery's NameIs… functions */
  readonly validateName?: NameRule;
  /** Allocations (cluster IPs …) for a write; may change `object`. Runs before prepareCreate/prepareUpdate and validation, as upstream's BeginCreate and BeginUpdate; `old` is undefined for a create. Anything thrown later rolls it back. */
  begin?(object: T, old: T | undefined, context: Context): Promise<Allocation | undefined>;
  /** Everything that holds a deleted object back. Default: metadata.finalizers. */
  finalizers?(object: T): readonly string[];
  /** Before a deletion, but not of a whole collection. Throws ApiError to refuse it. */
  checkDelete?(object: T): void;
  /** What more changes in an object when its deletion begins (Namespace: status.phase). */
  markDeleting?(object: T): void;
  /** After an object has gone for good (also with finalizers removed). */
  afterDelete?(object: T, services: Services): void | Promise<void>;
  /** Field selectors beyond metadata.name and metadata.namespace: their values for an object. The keys must be `selectableFields`. */
  fields?(object: T): Record<string, string>;
  /** Cells of a Table row, one a column; default: name and age. */
  row?(object: T, context: { now: number }): unknown[];
  /** The order of the rows of a list's Table; default: that of the list. */
  compareRows?(a: T, b: T): number;
  /** Conditions of a Table row (a pod has completed); default: none. */
  rowConditions?(object: T): { type: string; status: string; reason?: string; message?: string }[] | undefined;
  /** Whether `metadata.generation` goes up. Default for kinds with `generation`: anything but metadata and status changed. */
  specChanged?(object: T, old: T): boolean;
  /** The grace period in seconds a deletion gets; undefined or 0: the object goes at once. May change `options`. Default: no graceful deletion. */
  gracePeriod?(object: T, options: DeleteOptions): number | undefined;
  /** What propagation a delete without options means. Default: background. */
  readonly defaultPropagation?: 'Orphan' | 'Background' | 'Unsupported';
  /** `orphanDependents: false` means that the dependents go first; for other kinds, in the background. */
  readonly dependentsFirst?: boolean;
  /** Text of a Warning header for deletions that do not say what becomes of the dependents. */
  readonly propagationWarning?: string;
  /**
   * For a version that shares another's store (`storedAs`): this version's form of a stored object, and back. Every other hook
   * of the definition sees this version's form only. The store sets apiVersion and kind, before and after. Pure; nothing
   * may be lost on the way there and back. Default: both have the same shape.
   */
  fromStored?(stored: KubeObject): T;
  toStored?(object: T): KubeObject;
  /** Annotations that stand in this version for fields of another one: whole objects show them, forms that show metadata alone do not. */
  readonly carriedAnnotations?: readonly string[];
  /** For kinds that are asked, not stored (TokenReview …): the answer to POST. */
  act?(object: T, context: Context): Promise<T>;
  /** For kinds that are computed (ComponentStatus): all objects. */
  compute?(services: Services): T[];
}

/** What a kind says of itself; the rest comes from the facts. */
export interface DefinitionInput<T extends KubeObject> extends Hooks<T> {
  readonly group: string;
  readonly version: string;
  /** The plural of the URL. All names, verbs and columns come from facts/ by it. */
  readonly resource: string;
  /** Name of the object's schema in facts/schemas.json; default: found by group, version and kind. */
  readonly schema?: string;
  /** Another resource whose store this version shares (events.k8s.io/v1 over v1 events). */
  readonly storedAs?: { readonly group: string; readonly version: string; readonly resource: string };
  /** What field selectors may name beyond metadata.name and metadata.namespace; `fields` gives the values. */
  readonly selectableFields?: readonly string[];
  /** Changes are counted in metadata.generation. */
  readonly generation?: boolean;
  /** A new object may bring its status along. */
  readonly keepStatusOnCreate?: boolean;
  /** Text of a Warning header that every request for the resource is answered with: `v1 Endpoints is deprecated in v1.33+; …`. */
  readonly deprecation?: string;
  /**
   * What upstream's strategy checks in the metadata of an update once more, after what is checked for every kind, so that
   * errors come twice: `change` and, but for subresources, the `whole`; and whether it checks the metadata of what is
   * `created`, which is else looked at only when all the rest is right. Default: all three.
   */
  readonly ownMetadataChecks?: { readonly created?: boolean; readonly change?: boolean; readonly whole?: boolean };
  /** Most strategies of upstream refuse finalizers of one word that are none of the standard ones. This one does not. */
  readonly plainFinalizers?: boolean;
  /** Paths of fields, beside the status, that an update leaves as they were and nobody comes to own through it. */
  readonly keeps?: readonly string[];
  /** An update with PUT may create the object (Lease, Event …; upstream's AllowCreateOnUpdate). */
  readonly createOnUpdate?: boolean;
  /** An update without resourceVersion is accepted (upstream's AllowUnconditionalUpdate). Default true. */
  readonly unconditionalUpdate?: boolean;
  /** The name of upstream's folder of these objects, which messages about keys show. Default: the name of the resource that is stored. */
  readonly shownAs?: string;
  /** DELETE answers with the object, not with a Status; `undocumented`: and OpenAPI says Status all the same. */
  readonly returnDeletedObject?: boolean | 'undocumented';
  /** What upstream's conversion writes even into an object that nobody filled in, as bookmarks carry it. Default: nothing. */
  readonly blank?: { readonly annotations?: Readonly<Record<string, string>>; readonly spec?: object };
  /** Upstream has no cache of these objects: wrong revisions are told as its storage tells them. */
  readonly uncached?: boolean;
  readonly serving?: Serving;
  readonly subresources?: Readonly<Record<string, Partial<Subresource<T>>>>;
}

/** What is so where a kind says nothing of it. */
export const UNSAID = {
  selectableFields: [],
  generation: false,
  keepStatusOnCreate: false,
  plainFinalizers: false,
  keeps: [],
  createOnUpdate: false,
  unconditionalUpdate: true,
  returnDeletedObject: false,
  uncached: false,
  serving: BUILT_IN,
} as const satisfies Partial<DefinitionInput<KubeObject>>;

/** A resource definition; made by `define`, or from a CustomResourceDefinition. */
export interface Definition<T extends KubeObject = KubeObject>
  extends Hooks<T>,
    Resource<T>,
    Required<Pick<DefinitionInput<T>, keyof typeof UNSAID | 'schema' | 'storedAs' | 'shownAs'>>,
    Pick<DefinitionInput<T>, 'deprecation' | 'blank'> {
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  readonly storageVersionHash: string | undefined;
  /** What a list of its objects calls itself. */
  readonly listKind: string;
  /** The name of the schema of its lists. */
  readonly listSchema: string;
  /** Of kinds made at run time, for which the facts have none (see `Typed`). */
  readonly struct?: StructType;
  /** Of kinds made at run time: the schema that documents say. */
  readonly document?: JSONSchemaProps | undefined;
  readonly owned?: StructType;
  readonly ownMetadataChecks: { readonly created: boolean; readonly change: boolean; readonly whole: boolean };
  readonly columns: readonly Column[];
  readonly subresources: Readonly<Record<string, Subresource<T>>>;
}

interface DiscoveredResource {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  group?: string;
  version?: string;
  verbs: string[];
  shortNames?: string[];
  categories?: string[];
  storageVersionHash?: string;
}

const DEFAULT_COLUMNS: readonly Column[] = [
  { name: 'Name', type: 'string', format: 'name', priority: 0 },
  { name: 'Age', type: 'string', format: '', priority: 0 },
];

/**
 * Completes a kind's own part with the facts about it.
 * @throws Error when the facts do not know the resource, or the input names a subresource they do not have
 */
export function define<T extends KubeObject>(input: DefinitionInput<T>): Definition<T> {
  const groupVersion = apiVersionOf(input);
  const path = input.group === '' ? `/api/${input.version}` : `/apis/${groupVersion}`;
  const resources = fact<Record<string, { resources?: DiscoveredResource[] }>>('discovery')[path]?.resources ?? [];
  const found = resources.find((r) => r.name === input.resource);
  if (!found) throw new Error(`the facts know no resource ${input.resource} in ${groupVersion}`);
  const subresources: Record<string, Subresource<T>> = {};
  for (const r of resources) {
    const [parent, name] = r.name.split('/');
    if (parent !== input.resource || name === undefined) continue;
    const own = r.kind === found.kind ? undefined : { group: r.group ?? input.group, version: r.version ?? input.version, kind: r.kind };
    subresources[name] = { verbs: r.verbs, ...(own && { body: own }), ...input.subresources?.[name] };
  }
  for (const name of Object.keys(input.subresources ?? {}))
    if (!subresources[name]) throw new Error(`the facts know no subresource ${name} of ${input.resource} in ${groupVersion}`);
  const schema = input.schema ?? schemaOf({ group: input.group, version: input.version, kind: found.kind });
  return {
    ...UNSAID,
    ...input,
    kind: found.kind,
    listKind: `${found.kind}List`,
    namespaced: found.namespaced,
    singular: found.singularName,
    shortNames: found.shortNames ?? [],
    categories: found.categories ?? [],
    verbs: found.verbs as Verb[],
    storageVersionHash: found.storageVersionHash,
    schema,
    listSchema: `${schema}List`,
    storedAs: input.storedAs ?? { group: input.group, version: input.version, resource: input.resource },
    ownMetadataChecks: { created: true, change: true, whole: true, ...input.ownMetadataChecks },
    shownAs: input.shownAs ?? input.storedAs?.resource ?? input.resource,
    columns: fact<Record<string, Column[]>>('table-columns')[`${path}/${input.resource}`] ?? DEFAULT_COLUMNS,
    subresources,
  };
}

let schemaNames: Map<string, string> | undefined;

/** The name of a kind's schema in facts/schemas.json: io.k8s.api.core.v1.Pod. @throws Error when there is none */
export function schemaOf(gvk: GroupVersionKind): string {
  if (!schemaNames) {
    schemaNames = new Map();
    for (const [name, schema] of Object.entries(
      fact<Record<string, { 'x-kubernetes-group-version-kind'?: GroupVersionKind[] }>>('schemas'),
    ))
      for (const g of schema['x-kubernetes-group-version-kind'] ?? [])
        if (!schemaNames.has(`${g.group}/${g.version}/${g.kind}`)) schemaNames.set(`${g.group}/${g.version}/${g.kind}`, name);
  }
  const name = schemaNames.get(`${gvk.group}/${gvk.version}/${gvk.kind}`);
  if (name === undefined) throw new Error(`the facts know no schema of ${gvk.kind} in ${apiVersionOf(gvk)}`);
  return name;
}
