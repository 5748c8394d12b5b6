// What hooks and the server know of a request and of the rest of the program: interfaces that cluster.ts fills in.
import type { Clock } from '../util/clock.js';
import type { Draft, KubeObject, Resource, UserInfo } from './meta/object.js';

/** Read access to the current state of every resource, synchronous (from the watch caches). Objects are frozen. */
export interface Reader {
  get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): T | undefined;
  /** In the order of the keys. `namespace` "" means all. @param fields values of selectable fields that those wanted have */
  list<T extends KubeObject>(resource: Resource<T>, namespace?: string, fields?: Readonly<Record<string, string>>): readonly T[];
}

/** What an authorizer is asked. */
export interface AuthorizationAttributes {
  readonly user: UserInfo;
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Set for requests that name no resource. */
  readonly path?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

/** What an authorizer answers. no-opinion: the next one is asked; when none has one, the answer is no. */
export interface Decision {
  readonly decision: 'allow' | 'deny' | 'no-opinion';
  readonly reason: string;
}

/** What a user may do in a namespace, as a SelfSubjectRulesReview lists it. */
export interface Rules {
  readonly resourceRules: readonly { verbs: string[]; apiGroups?: string[]; resources?: string[]; resourceNames?: string[] }[];
  readonly nonResourceRules: readonly { verbs: string[]; nonResourceURLs?: string[] }[];
  /** Not every authorizer can list its rules. */
  readonly incomplete: boolean;
  readonly error?: string;
}

/** Decides who may do what. */
export interface Authorizer {
  authorize(attributes: AuthorizationAttributes): Decision | Promise<Decision>;
  /** Absent where the authorizer cannot list its rules. */
  rulesFor?(user: UserInfo, namespace: string): Rules | Promise<Rules>;
}

/** Turns a bearer token into a user; undefined: the token is unknown. Rejects with an Error that says what is wrong with a known one. */
export interface TokenAuthenticator {
  authenticate(token: string, audiences?: readonly string[]): Promise<{ user: UserInfo; audiences?: readonly string[] } | undefined>;
}

/** Signs tokens of ServiceAccounts. */
export interface TokenIssuer {
  /** What a token is good for when the request names nothing. */
  readonly audiences: readonly string[];
  /** @returns the signed token */
  issue(request: TokenIssue): Promise<string>;
}

/** What a token is to say. */
export interface TokenIssue {
  readonly namespace: string;
  readonly serviceAccount: BoundObject;
  /** The token ends with these objects. */
  readonly pod?: BoundObject | undefined;
  readonly secret?: BoundObject | undefined;
  /** The pod's node, or the node the token is bound to. */
  readonly node?: BoundObject | undefined;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
}

/** An object a token depends on. */
export interface BoundObject {
  readonly name: string;
  readonly uid?: string | undefined;
}

/** What hooks may use of the rest of the program; filled in by cluster.ts. */
export interface Services {
  readonly clock: Clock;
  /** A random source in [0,1). */
  readonly random: () => number;
  readonly reader: Reader;
  readonly authorizer: Authorizer;
  readonly tokens: TokenAuthenticator;
  /** Undefined: this server signs no tokens. */
  readonly tokenIssuer?: TokenIssuer | undefined;
  /** The resource that has the objects of a kind. */
  resourceOf(kind: Pick<Resource, 'group' | 'version' | 'kind'>): Resource | undefined;
  /** Cluster-wide settings that hooks need. */
  readonly settings: ClusterSettings;
  /** Writes through the registry as the given user: for subresources that act on other objects (binding, eviction). */
  readonly writer: Writer;
  /** Writes in the server's own name, whoever asked (upstream's loopback client): objects that go with another. */
  readonly own: OwnWriter;
}

/** The part of the settings that kinds depend on. */
export interface ClusterSettings {
  /** CIDRs of --service-cluster-ip-range, one or two. */
  readonly serviceClusterIPRanges: readonly string[];
  /** First and last port of --service-node-port-range, inclusive. */
  readonly serviceNodePortRange: readonly [number, number];
  readonly allowPrivileged: boolean;
}

/** The write side of the registry, as hooks see it. Every call goes through defaulting, admission and validation. */
export interface Writer {
  /** Reads the present object, lets `change` make the next one, writes it; again from the start when another write came between. Nobody becomes the manager of what changed. */
  update<T extends KubeObject>(
    context: Context,
    resource: Resource<T>,
    key: ObjectKey,
    subresource: string,
    change: (current: T) => T,
  ): Promise<T>;
  delete(context: Context, resource: Resource, key: ObjectKey, options: DeleteOptions): Promise<KubeObject>;
}

/** Writes that the server makes of its own accord. Nothing is forbidden to it; admission and validation see them all the same. */
export interface OwnWriter {
  create<T extends KubeObject>(resource: Resource<T>, object: Draft<T>): Promise<T>;
  /** @throws ApiError NotFound */
  delete(resource: Resource, key: ObjectKey): Promise<void>;
}

/** Names an object of a resource. */
export interface ObjectKey {
  /** "" for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
}

/** How to delete, as the body or the query of a DELETE says it. */
export interface DeleteOptions {
  gracePeriodSeconds?: number | undefined;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground' | undefined;
  /** Deprecated form of propagationPolicy. */
  orphanDependents?: boolean | undefined;
  preconditions?: { uid?: string | undefined; resourceVersion?: string | undefined } | undefined;
  dryRun?: readonly string[] | undefined;
}

/** One request, as the registry, admission and the hooks see it. */
export interface Context {
  readonly user: UserInfo;
  readonly services: Services;
  /** As the authorizers know it: create, update, patch … */
  readonly verb: string;
  /** "" for the object itself, else "status", "scale" … */
  readonly subresource: string;
  readonly dryRun: boolean;
  /** The value of ?fieldManager, or the first word of the user agent. */
  readonly fieldManager: string;
  /** Adds a `Warning: 299` header to the answer. */
  warn(message: string): void;
  readonly signal?: AbortSignal | undefined;
}

/** An allocation that belongs to one write: kept when the write succeeds, given back when it fails. */
export interface Allocation {
  commit(): void | Promise<void>;
  rollback(): void | Promise<void>;
}
