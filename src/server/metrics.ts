// What the server measures, under kube-apiserver's names. Each server has a set of its own.
import type { Handler, RequestInfo } from '../handlers/request.js';
import { PodSecurityMetrics } from './pod-security-metrics.js';
import { addProcessMetrics } from './process-metrics.js';
import { type Count, type Distribution, MetricSet } from './series.js';
import type { VersionInfo } from './version.js';

const SECONDS = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const FINE_SECONDS = [0.005, 0.025, ...SECONDS];
const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const EVENT_SIZES = [1, 2, 4, 8, 16, 32, 64, 128].map((kilobytes) => kilobytes * 1024);

const PLACE = ['group', 'version', 'resource', 'subresource', 'scope', 'component'] as const;

type RequestLabels = Record<'verb' | (typeof PLACE)[number], string>;

/** How many objects of a resource are stored. */
export interface ResourceCount {
  readonly group: string;
  readonly resource: string;
  readonly count: number;
}

/** What is measured beside requests. */
export interface MetricsOptions {
  readonly version: VersionInfo;
  /** How many objects of each kind there are; asked at each scrape. */
  readonly objectCounts: () => Iterable<ResourceCount>;
  /** Whether a resource is served: others are not counted, or any client could fill the memory with made-up names. */
  readonly isServed: (info: RequestInfo) => boolean;
}

/** A request on its way. */
export interface Measured {
  /** @param bytes size of the body that was sent */
  finished(code: number, seconds: number, bytes: number): void;
}

/** Subresources that are reported under the verb CONNECT. */
const CONNECTED = new Set(['log', 'exec', 'portforward', 'attach', 'proxy']);
const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
const HEALTH_PATHS = new Set(['/healthz', '/livez', '/readyz']);
const UNMEASURED: Measured = { finished() {} };

/** Where requests of one sort are counted. */
interface Route {
  readonly labels: RequestLabels;
  readonly inflight: Count;
  readonly longRunning: Count;
  readonly sli: Distribution;
  readonly sizes: Distribution | undefined;
  /** Without a dry run. */
  plain: Answered | undefined;
}

interface Answered {
  readonly duration: Distribution;
  total(code: number): Count;
}

/** The metrics of one server, under kube-apiserver's names. */
export class Metrics {
  readonly #routes = new Map<string, Route>();
  readonly #watched = new Map<string, { readonly events: Count; readonly sizes: Distribution }>();
  readonly #all = new MetricSet();
  readonly #isServed: MetricsOptions['isServed'];
  readonly #inflight = this.#all.gauge('apiserver_current_inflight_requests', 'Requests being answered right now, by kind.', [
    'request_kind',
  ]);
  readonly #longRunning = this.#all.gauge('apiserver_longrunning_requests', 'Long-running requests that are open.', ['verb', ...PLACE]);
  readonly #total = this.#all.counter('apiserver_request_total', 'Requests answered, by what they asked for and the code of the answer.', [
    'verb',
    'dry_run',
    ...PLACE,
    'code',
  ]);
  readonly #duration = this.#all.histogram(
    'apiserver_request_duration_seconds',
    'How long requests took.',
    ['verb', 'dry_run', ...PLACE],
    FINE_SECONDS,
  );
  readonly #sli = this.#all.histogram(
    'apiserver_request_sli_duration_seconds',
    'How long requests took, without what others are to blame for.',
    ['verb', ...PLACE],
    SECONDS,
  );
  readonly #sizes = this.#all.histogram('apiserver_response_sizes', 'Sizes of answers to reads.', ['verb', ...PLACE], SIZES);
  readonly #watchEvents = this.#all.counter('apiserver_watch_events_total', 'Events sent to watching clients.', [
    'group',
    'version',
    'resource',
  ]);
  readonly #watchSizes = this.#all.histogram(
    'apiserver_watch_events_sizes',
    'Sizes of events sent to watching clients.',
    ['group', 'version', 'resource'],
    EVENT_SIZES,
  );
  readonly #storageTotal = this.#all.counter('etcd_requests_total', 'Requests to the store.', ['operation', 'group', 'resource']);
  readonly #storageDuration = this.#all.histogram(
    'etcd_request_duration_seconds',
    'How long requests to the store took.',
    ['operation', 'group', 'resource'],
    FINE_SECONDS,
  );
  readonly #authentication = this.#all.counter('authentication_attempts', 'Attempts to authenticate, by result.', ['result']);
  readonly #authorization = this.#all.counter('authorization_attempts_total', 'Questions whether a request is allowed, by result.', [
    'result',
  ]);

  readonly podSecurity: PodSecurityMetrics;

  constructor({ version, objectCounts, isServed }: MetricsOptions) {
    this.#isServed = isServed;
    this.podSecurity = new PodSecurityMetrics(this.#all, Number(version.minor));
    this.#addObjects(objectCounts);
    addProcessMetrics(this.#all);
    const { gitVersion, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform, major, minor } = version;
    const build = {
      major,
      minor,
      git_version: gitVersion,
      git_commit: gitCommit,
      git_tree_state: gitTreeState,
      build_date: buildDate,
      go_version: goVersion,
      compiler,
      platform,
    };
    this.#all.gauge('kubernetes_build_info', 'What this server is; always 1.', Object.keys(build)).of(build).value = 1;
    for (const kind of ['readOnly', 'mutating']) this.#inflight.of({ request_kind: kind });
  }

  #addObjects(objectCounts: MetricsOptions['objectCounts']): void {
    const add = (name: string, help: string, labels: (of: ResourceCount) => Record<string, string>) =>
      this.#all.read('gauge', name, help, () => {
        // several versions of a resource share their objects
        const counts = new Map([...objectCounts()].map((of) => [`${of.group}/${of.resource}`, of]));
        return [...counts.values()].map((of) => ({ labels: labels(of), value: of.count }));
      });
    add('apiserver_resource_objects', 'Objects in the store, by kind.', ({ group, resource }) => ({ group, resource }));
    add('apiserver_storage_objects', 'Objects in the store, by kind (old name of apiserver_resource_objects).', ({ group, resource }) => ({
      resource: group === '' ? resource : `${resource}.${group}`,
    }));
  }

  /** Begins to measure a request that was let in. */
  request(method: string, info: RequestInfo, contentType: string | undefined, longRunning: boolean): Measured {
    const route = this.#route(method, info, contentType);
    if (!route) return UNMEASURED;
    const open = longRunning ? route.longRunning : route.inflight;
    open.value++;
    return {
      finished: (code, seconds, bytes) => {
        open.value--;
        const answered = this.#answered(route, dryRunOf(info.query));
        answered.total(code).value++;
        answered.duration.observe(seconds);
        if (answered === route.plain) route.sli.observe(seconds);
        route.sizes?.observe(bytes);
      },
    };
  }

  /** The series of requests of one sort, looked up once. */
  #route(method: string, info: RequestInfo, contentType: string | undefined): Route | undefined {
    const labels = this.#labels(method, info, contentType);
    if (!labels) return undefined;
    const key = `${method} ${labels.verb} ${labels.group} ${labels.version} ${labels.resource} ${labels.subresource} ${labels.scope}`;
    let route = this.#routes.get(key);
    if (!route) {
      const reads = labels.verb === 'GET' || labels.verb === 'LIST';
      route = {
        labels,
        inflight: this.#inflight.of({ request_kind: method === 'GET' || method === 'HEAD' ? 'readOnly' : 'mutating' }),
        longRunning: this.#longRunning.of(labels),
        sli: this.#sli.of(labels),
        sizes: reads ? this.#sizes.of(labels) : undefined,
        plain: undefined,
      };
      this.#routes.set(key, route);
    }
    return route;
  }

  #answered(route: Route, dryRun: string): Answered {
    if (dryRun === '' && route.plain) return route.plain;
    const place = { ...route.labels, dry_run: dryRun };
    const codes = new Map<number, Count>();
    const total = (code: number) => {
      let count = codes.get(code);
      if (!count) codes.set(code, (count = this.#total.of({ ...place, code: String(code) })));
      return count;
    };
    const answered = { total, duration: this.#duration.of(place) };
    if (dryRun === '') route.plain = answered;
    return answered;
  }

  #labels(method: string, info: RequestInfo, contentType: string | undefined): RequestLabels | undefined {
    if (!info.isResource) {
      if (!HEALTH_PATHS.has(info.path)) return undefined;
      return {
        verb: METHODS.has(method) ? method : 'other',
        group: '',
        version: '',
        resource: '',
        subresource: info.path,
        scope: '',
        component: '',
      };
    }
    if (!this.#isServed(info)) return undefined;
    const { group, version, resource, subresource } = info;
    const scope = info.name !== '' || info.verb === 'create' ? 'resource' : info.namespace !== '' ? 'namespace' : 'cluster';
    return { verb: verbOf(method, info, scope, contentType), group, version, resource, subresource, scope, component: 'apiserver' };
  }

  /** Events of these sizes were sent to one watching client. */
  readonly watchSent = (resource: { group: string; version: string; resource: string }, sizes: readonly number[]): void => {
    const key = `${resource.group} ${resource.version} ${resource.resource}`;
    let watched = this.#watched.get(key);
    if (!watched) {
      const { group, version, resource: name } = resource;
      const labels = { group, version, resource: name };
      watched = { events: this.#watchEvents.of(labels), sizes: this.#watchSizes.of(labels) };
      this.#watched.set(key, watched);
    }
    watched.events.value += sizes.length;
    for (const size of sizes) watched.sizes.observe(size);
  };

  /** The store has done something with a key such as /registry/apps/deployments/default/web: get, list, create, update, delete. */
  readonly storageRequest = (operation: string, key: string, seconds: number): void => {
    const [, , group = '', resource = ''] = key.split('/');
    const labels = { operation, group: group === 'core' ? '' : group, resource };
    this.#storageTotal.of(labels).value++;
    this.#storageDuration.of(labels).observe(seconds);
  };

  /** A request was authenticated, or failed to be. */
  authenticated(result: 'success' | 'failure' | 'error'): void {
    this.#authentication.of({ result }).value++;
  }

  /** A request was authorized, or refused. */
  authorized(result: 'allowed' | 'denied' | 'no-opinion'): void {
    this.#authorization.of({ result }).value++;
  }

  /** All of it in Prometheus' text format. */
  text(): string {
    return this.#all.text();
  }

  /** Serves /metrics. */
  readonly handler: Handler = async ({ response }) => {
    response.statusCode = 200;
    response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
    response.end(this.text());
  };
}

function verbOf(method: string, info: RequestInfo, scope: string, contentType: string | undefined): string {
  if (CONNECTED.has(info.subresource)) return 'CONNECT';
  if (info.verb === 'watch') return 'WATCH';
  if (method === 'GET' || method === 'HEAD') return scope === 'resource' ? 'GET' : 'LIST';
  if (method === 'PATCH' && contentType === 'application/apply-patch+yaml') return 'APPLY';
  return METHODS.has(method) ? method : 'other';
}

function dryRunOf(query: URLSearchParams): string {
  const values = query.getAll('dryRun');
  if (values.length === 0) return '';
  return values.every((value) => value === 'All') ? 'All' : 'invalid';
}
