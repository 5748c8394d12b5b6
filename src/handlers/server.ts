import type { Context } from '../api/context.js';
import { refusal } from '../api/shared/refusal.js';
import type { Registry } from '../registry/registry.js';
import type { Clock } from '../util/clock.js';
import type { WriteQuery } from './options.js';
import type { ApiRequest } from './request.js';

/** What `kubectl logs` asks for; the names are those of v1.PodLogOptions. */
export interface LogOptions {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly sinceSeconds: number | undefined;
  /** RFC 3339. */
  readonly sinceTime: string | undefined;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
}

/** The streams of running pods, as the API server sees the nodes' agents. Filled in by cluster.ts. */
export interface NodeStreams {
  /**
   * The log of a container, in chunks; ends when it is complete, or with the signal when following.
   * @returns undefined when the node's agent does not answer @throws ApiError BadRequest, NotFound, ServiceUnavailable
   */
  logs(
    pod: { namespace: string; name: string; node: string },
    options: LogOptions,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Buffer> | undefined>;
}

/** Told about events that were sent to a watching client: whose they were, and how many bytes each. */
export type WatchObserver = (
  resource: { readonly group: string; readonly version: string; readonly resource: string },
  sizes: readonly number[],
) => void;

/** What handlers know of the server they work for. */
export class Server {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly nodes: NodeStreams | undefined;
  readonly watchSent: WatchObserver | undefined;

  constructor(options: { registry: Registry; clock: Clock; nodes?: NodeStreams | undefined; watchSent?: WatchObserver | undefined }) {
    this.registry = options.registry;
    this.clock = options.clock;
    this.nodes = options.nodes;
    this.watchSent = options.watchSent;
  }

  /** What hooks are told of a request. */
  context(request: ApiRequest, query?: Pick<WriteQuery, 'dryRun' | 'fieldManager'>): Context {
    return this.registry.context({
      user: request.user,
      verb: request.info.verb,
      subresource: request.info.subresource,
      warnings: request.warnings,
      signal: request.signal,
      ...query,
    });
  }

  /**
   * Whether the user may create what an update of an absent object would create.
   * @throws ApiError Forbidden
   */
  async authorizeCreate({ user, info }: ApiRequest): Promise<void> {
    const { group, version, resource, namespace, name } = info;
    const attributes = { user, verb: 'create', group, version, resource, subresource: '', namespace, name };
    const { decision, reason } = await this.registry.services.authorizer.authorize(attributes);
    if (decision !== 'allow') throw refusal(attributes, reason);
  }
}
