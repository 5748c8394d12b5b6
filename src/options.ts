// What a cluster can be told: by the flags of the command line and by `startCluster` from code.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { isIP } from 'node:net';
import { addressText, parsePrefix } from './api/shared/ip.js';
import { systemClock, type Clock } from './util/clock.js';
import { silentLogger, type Logger } from './util/log.js';
import { nearest } from './util/nearest.js';
import { UserError } from './util/user-error.js';
import { isObject } from './util/json.js';

/** As in --authorization-mode. */
export type AuthorizationMode = 'AlwaysAllow' | 'AlwaysDeny' | 'RBAC' | 'Node';
/** As in --runtime. */
export type RuntimeName = 'auto' | 'docker' | 'simulated';

/** What a simulated node offers, in the notation of the API. */
export interface NodeCapacity {
  readonly cpu: string;
  readonly memory: string;
  readonly pods: string;
}

/** Which parts run beside the API server. */
export interface Components {
  readonly controllers: boolean;
  readonly scheduler: boolean;
  readonly nodes: boolean;
}

/** Every setting of a cluster. Names, meaning and syntax are those of kube-apiserver's flag where it has one. */
export interface Settings {
  /** --bind-address: the address the server listens on. Default 127.0.0.1. */
  readonly bindAddress: string;
  /** --secure-port: 0 takes any free port. Default 6443. */
  readonly securePort: number;
  /** --data-dir: holds the store, the keys and the kubeconfig. Default $KUBEMU_DATA_DIR, else ~/.kubemu; with `memory` one of its own that goes when it stops. */
  readonly dataDir: string;
  /** --memory: objects are kept in memory only; the data directory holds just the keys and the kubeconfig. Default false. */
  readonly memory: boolean;
  /** --fsync: a write is answered only when it is on the disk. Default true. */
  readonly fsync: boolean;
  /** --nodes: how many nodes are there at the start. Default 1. */
  readonly nodes: number;
  /** --runtime: what runs the pods; auto takes Docker where it answers. Default auto. */
  readonly runtime: RuntimeName;
  /** --node-cpu, --node-memory, --node-pods: capacity of a simulated node. */
  readonly nodeCapacity: NodeCapacity;
  /** --controllers: '*' is all, 'name' switches on, '-name' off. Default ['*']. */
  readonly controllers: readonly string[];
  /** --authorization-mode: asked in this order, the first opinion counts. Default ['Node', 'RBAC'], as in a real cluster. */
  readonly authorizationMode: readonly AuthorizationMode[];
  /** --anonymous-auth: a request without credentials is system:anonymous, not refused. Off with AlwaysAllow. */
  readonly anonymousAuth: boolean;
  /** --enable-bootstrap-token-auth: Secrets of type bootstrap.kubernetes.io/token in kube-system are believed. Default false. */
  readonly enableBootstrapTokenAuth: boolean;
  /** --token-auth-file: CSV of token, user, uid and optional "group1,group2". */
  readonly tokenAuthFile: string | undefined;
  /** --client-ca-file: client certificates signed by these are accepted too, beside those of the cluster's own CA. */
  readonly clientCAFile: string | undefined;
  /** --tls-cert-file, --tls-private-key-file: a serving certificate of one's own; both or none. */
  readonly tlsCertFile: string | undefined;
  readonly tlsPrivateKeyFile: string | undefined;
  /** --service-cluster-ip-range: one CIDR, or one of each IP family. Default ['10.96.0.0/16']. */
  readonly serviceClusterIPRanges: readonly string[];
  /** --service-node-port-range, inclusive. Default [30000, 32767]. */
  readonly serviceNodePortRange: readonly [number, number];
  /** --event-ttl, in milliseconds: how long events are kept after the last write; 0 keeps them. Default an hour. */
  readonly eventTTL: number;
  /** --enable-admission-plugins, --disable-admission-plugins: beside the default ones (default: NodeRestriction), and without these. */
  readonly enableAdmissionPlugins: readonly string[];
  readonly disableAdmissionPlugins: readonly string[];
  /** --admission-control-config-file: an AdmissionConfiguration, what plug-ins are told. */
  readonly admissionControlConfigFile: string | undefined;
  /** --default-not-ready-toleration-seconds, --default-unreachable-toleration-seconds: what DefaultTolerationSeconds gives pods. Default 300. */
  readonly notReadyTolerationSeconds: number;
  readonly unreachableTolerationSeconds: number;
  /** --allow-privileged. Default true. */
  readonly allowPrivileged: boolean;
  /** `kubemu apiserver` switches all three off. */
  readonly components: Components;
  /** --v: 0 errors, 1 also what the program does, 2 and more also every request. Default 0. */
  readonly verbosity: number;
  readonly logger: Logger;
  readonly clock: Clock;
  /** A random source in [0,1). */
  readonly random: () => number;
}

/** What `startCluster` takes: whatever is absent has its default. */
export type ClusterOptions = {
  readonly [K in keyof Omit<Settings, 'nodeCapacity' | 'components'>]?: Settings[K] | undefined;
} & {
  readonly nodeCapacity?: Partial<NodeCapacity> | undefined;
  readonly components?: Partial<Components> | undefined;
  /** --etcd-servers: refused by name until kubemu can keep its objects in etcd. */
  readonly etcdServers?: readonly string[] | undefined;
};

/**
 * How the command line and the node host talk about nodes: through annotations of the Node object, so `kubemu node` needs
 * nothing but the API. The host watches nodes and follows.
 */
export const nodeAnnotations = {
  /** On a Node without an agent: `simulated` asks the host of the cluster to adopt it, with the capacity its status has, else the usual one (`kubemu node add`). */
  runtime: 'kubemu.dev/runtime',
  /** `stopped`: the host stops the node's agent as a power failure would: no heartbeats, pods do not move (`kubemu node stop`). Removed: the agent runs again (`kubemu node start`). */
  agent: 'kubemu.dev/agent',
} as const;

const AUTHORIZATION_MODES: readonly string[] = ['AlwaysAllow', 'AlwaysDeny', 'RBAC', 'Node'];
const RUNTIMES: readonly string[] = ['auto', 'docker', 'simulated'];

/** What a value looks like; a record: by the names that may be in it. */
type Shape = 'text' | 'whether' | 'number' | 'texts' | 'numbers' | 'object' | 'function' | { readonly [name: string]: Shape };

const SHAPES = {
  bindAddress: 'text',
  securePort: 'number',
  dataDir: 'text',
  memory: 'whether',
  fsync: 'whether',
  nodes: 'number',
  runtime: 'text',
  nodeCapacity: { cpu: 'text', memory: 'text', pods: 'text' },
  controllers: 'texts',
  authorizationMode: 'texts',
  anonymousAuth: 'whether',
  enableBootstrapTokenAuth: 'whether',
  tokenAuthFile: 'text',
  clientCAFile: 'text',
  tlsCertFile: 'text',
  tlsPrivateKeyFile: 'text',
  serviceClusterIPRanges: 'texts',
  serviceNodePortRange: 'numbers',
  eventTTL: 'number',
  enableAdmissionPlugins: 'texts',
  disableAdmissionPlugins: 'texts',
  admissionControlConfigFile: 'text',
  notReadyTolerationSeconds: 'number',
  unreachableTolerationSeconds: 'number',
  allowPrivileged: 'whether',
  components: { controllers: 'whether', scheduler: 'whether', nodes: 'whether' },
  verbosity: 'number',
  logger: 'object',
  clock: 'object',
  random: 'function',
  etcdServers: 'texts',
} as const satisfies Record<keyof ClusterOptions, Shape>;

const MEANING: Readonly<Record<Extract<Shape, string>, readonly [what: string, is: (value: unknown) => boolean]>> = {
  text: ['a string', (value) => typeof value === 'string'],
  whether: ['true or false', (value) => typeof value === 'boolean'],
  number: ['a number', (value) => typeof value === 'number'],
  texts: ['a list of strings', (value) => Array.isArray(value) && value.every((item) => typeof item === 'string')],
  numbers: ['a list of numbers', (value) => Array.isArray(value) && value.every((item) => typeof item === 'number')],
  object: ['an object', (value) => typeof value === 'object' && value !== null],
  function: ['a function', (value) => typeof value === 'function'],
};

/** Where a cluster lives when nobody says otherwise. */
export function defaultDataDir(env: NodeJS.ProcessEnv = process.env): string {
  return env['KUBEMU_DATA_DIR'] || join(homedir(), '.kubemu');
}

/**
 * Fills in the defaults and checks every name and value.
 * @throws UserError (usage) naming the option or its flag, the value and what is expected
 */
export function resolveOptions(options: ClusterOptions = {}): Settings {
  checkShape(options, SHAPES, '');
  const given = definedOf(options);
  if (given.etcdServers?.length)
    throw usage('--etcd-servers is not supported yet: objects are kept in the data directory (--data-dir) or in memory (--memory)');
  const authorizationMode = given.authorizationMode ?? ['Node', 'RBAC'];
  const settings: Settings = {
    bindAddress: '127.0.0.1',
    securePort: 6443,
    memory: false,
    fsync: true,
    nodes: 1,
    runtime: 'auto',
    controllers: ['*'],
    enableBootstrapTokenAuth: false,
    tokenAuthFile: undefined,
    clientCAFile: undefined,
    tlsCertFile: undefined,
    tlsPrivateKeyFile: undefined,
    serviceClusterIPRanges: ['10.96.0.0/16'],
    serviceNodePortRange: [30000, 32767],
    eventTTL: 3_600_000,
    enableAdmissionPlugins: given.disableAdmissionPlugins?.includes('NodeRestriction') ? [] : ['NodeRestriction'],
    disableAdmissionPlugins: [],
    admissionControlConfigFile: undefined,
    notReadyTolerationSeconds: 300,
    unreachableTolerationSeconds: 300,
    allowPrivileged: true,
    verbosity: 0,
    logger: silentLogger,
    clock: systemClock,
    random: Math.random,
    ...given,
    authorizationMode,
    nodeCapacity: { cpu: '8', memory: '32Gi', pods: '110', ...definedOf(given.nodeCapacity) },
    components: { controllers: true, scheduler: true, nodes: true, ...definedOf(given.components) },
    // upstream switches anonymous requests off when nothing would refuse them
    anonymousAuth: given.anonymousAuth !== false && !authorizationMode.includes('AlwaysAllow'),
    dataDir: resolve(given.dataDir ?? defaultDataDir()),
  };
  check(settings);
  return settings;
}

function definedOf<T extends object>(options: T | undefined): T {
  return Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as T;
}

/** JavaScript has no compiler that would find a misspelt name. @param path of the value: '' or 'components.' */
function checkShape(value: unknown, shapes: { readonly [name: string]: Shape }, path: string): void {
  if (!isObject(value)) throw usage(`${path === '' ? 'options' : `option ${path.slice(0, -1)}`}: must be an object`);
  for (const [name, given] of Object.entries(value)) {
    const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
    if (shape === undefined) {
      const near = nearest(name, Object.keys(shapes));
      throw usage(`unknown option ${path}${name}${near === undefined ? '' : ` (did you mean ${path}${near}?)`}`);
    }
    if (given === undefined) continue;
    if (typeof shape !== 'string') checkShape(given, shape, `${path}${name}.`);
    else if (!MEANING[shape][1](given)) throw usage(`option ${path}${name}: must be ${MEANING[shape][0]}`);
  }
}

function check(s: Settings): void {
  if (isIP(s.bindAddress) === 0) throw usage(`--bind-address=${s.bindAddress}: must be an IP address`);
  integer('--secure-port', s.securePort, 0, 65535);
  integer('--nodes', s.nodes, 0, 10_000);
  integer('--v', s.verbosity, 0, 10);
  if (!RUNTIMES.includes(s.runtime)) throw usage(`--runtime=${s.runtime}: must be one of ${RUNTIMES.join(', ')}`);
  if (s.authorizationMode.length === 0) throw usage('--authorization-mode: at least one mode must be given');
  for (const mode of s.authorizationMode) {
    if (!AUTHORIZATION_MODES.includes(mode)) throw usage(`--authorization-mode=${mode}: must be one of ${AUTHORIZATION_MODES.join(', ')}`);
    if (s.authorizationMode.indexOf(mode) !== s.authorizationMode.lastIndexOf(mode))
      throw usage(`--authorization-mode: ${mode} is given twice`);
  }
  if (!s.tlsCertFile !== !s.tlsPrivateKeyFile) throw usage('--tls-cert-file and --tls-private-key-file must be given together');
  checkServiceRanges(s.serviceClusterIPRanges);
  integer('--default-not-ready-toleration-seconds', s.notReadyTolerationSeconds, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  integer('--default-unreachable-toleration-seconds', s.unreachableTolerationSeconds, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if (!(s.eventTTL >= 0)) throw usage(`--event-ttl=${s.eventTTL}ms: must not be negative`);
  const [first, last] = s.serviceNodePortRange;
  integer('--service-node-port-range', first, 1, 65535);
  integer('--service-node-port-range', last, first, 65535);
  const quantities = [
    ['--node-cpu', s.nodeCapacity.cpu],
    ['--node-memory', s.nodeCapacity.memory],
    ['--node-pods', s.nodeCapacity.pods],
  ] as const;
  for (const [flag, value] of quantities)
    if (!/^\d+(\.\d+)?(m|[kMGTP]|[KMGTP]i)?$/.test(value)) throw usage(`${flag}=${value}: must be a quantity such as 4, 500m or 16Gi`);
}

function checkServiceRanges(ranges: readonly string[]): void {
  if (ranges.length < 1 || ranges.length > 2) throw usage('--service-cluster-ip-range: one range, or one of each IP family, must be given');
  const families = ranges.map((range) => {
    const [address = '', bits = ''] = range.split('/');
    const family = isIP(address);
    if (family === 0 || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 30 : 126))
      throw usage(`--service-cluster-ip-range=${range}: must be a range such as 10.96.0.0/16`);
    // upstream's limit: the allocator's bitmap is kept small
    if (Number(bits) < (family === 4 ? 12 : 108))
      throw usage(`--service-cluster-ip-range=${range}: too large, at most 20 bits may be free`);
    return family;
  });
  if (families.length === 2 && families[0] === families[1])
    throw usage('--service-cluster-ip-range: two ranges must be of different IP families');
}

function integer(flag: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) throw usage(`${flag}=${value}: must be a number from ${min} to ${max}`);
}

/** The first address of each service range: those of the service `kubernetes`. */
export function serviceAddresses({ serviceClusterIPRanges }: Pick<Settings, 'serviceClusterIPRanges'>): string[] {
  return serviceClusterIPRanges.map((range) => {
    const prefix = parsePrefix(range);
    if (!prefix) throw usage(`--service-cluster-ip-range=${range}: must be a range such as 10.96.0.0/16`);
    return addressText(prefix.family, prefix.base + 1n);
  });
}

function usage(message: string): UserError {
  return new UserError(message, 'usage');
}
