// The flags that say what a cluster is like. Names and syntax are upstream's where it has them.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../util/duration.js';
import { type AuthorizationMode, type ClusterOptions, defaultDataDir, type RuntimeName } from '../options.js';

/** What commander makes of the flags. */
export interface Flags {
  bindAddress?: string;
  securePort?: number;
  dataDir?: string;
  memory?: boolean;
  fsync?: boolean;
  nodes?: number;
  runtime?: RuntimeName;
  nodeCpu?: string;
  nodeMemory?: string;
  nodePods?: string;
  controllers?: string[];
  authorizationMode?: string[];
  anonymousAuth?: boolean;
  tokenAuthFile?: string;
  enableBootstrapTokenAuth?: boolean;
  clientCaFile?: string;
  tlsCertFile?: string;
  tlsPrivateKeyFile?: string;
  serviceClusterIpRange?: string[];
  serviceNodePortRange?: [number, number];
  eventTtl?: number;
  enableAdmissionPlugins?: string[];
  disableAdmissionPlugins?: string[];
  admissionControlConfigFile?: string;
  defaultNotReadyTolerationSeconds?: number;
  defaultUnreachableTolerationSeconds?: number;
  allowPrivileged?: boolean;
  etcdServers?: string[];
  v?: number;
}

/** --data-dir, which every command has. */
export function dataDirFlag(): Option {
  return new Option('--data-dir <directory>', 'where the cluster keeps its objects, keys and kubeconfig')
    .default(undefined, defaultDataDir())
    .env('KUBEMU_DATA_DIR');
}

/** Adds the flags of the API server. @param mode the default of --authorization-mode, to be shown */
export function addServerFlags(command: Command, mode: string): Command {
  return command
    .optionsGroup('Server:')
    .addOption(dataDirFlag())
    .option('--bind-address <ip>', 'address to listen on (default: 127.0.0.1)')
    .option('--secure-port <port>', 'port to listen on, 0 for any free one (default: 6443)', integer)
    .option('--memory [bool]', 'keep objects in memory only', bool)
    .option('--fsync [bool]', 'answer a write only when it is on the disk (default: true)', bool)
    .option('--etcd-servers <urls>', 'not supported yet', list)
    .option('--tls-cert-file <file>', "serving certificate, instead of one of the cluster's own authority")
    .option('--tls-private-key-file <file>', 'its key')
    .option('--v <level>', 'what to log: 0 errors, 1 what happens, 2 every request (default: 0)', integer)
    .optionsGroup('Access:')
    .option('--client-ca-file <file>', 'authorities whose client certificates are accepted too')
    .option('--token-auth-file <file>', 'CSV file of token,user,uid,"group1,group2"')
    .option('--enable-bootstrap-token-auth [bool]', 'believe the bootstrap tokens in kube-system (default: false)', bool)
    .option('--anonymous-auth [bool]', 'let requests without credentials in as system:anonymous (never with AlwaysAllow)', bool)
    .option('--authorization-mode <modes>', `AlwaysAllow, AlwaysDeny, Node, RBAC: asked in this order (default: ${mode})`, list)
    .optionsGroup('API:')
    .option('--service-cluster-ip-range <cidrs>', 'addresses of services (default: 10.96.0.0/16)', list)
    .option('--service-node-port-range <range>', 'ports of services on nodes (default: 30000-32767)', portRange)
    .option('--event-ttl <duration>', 'how long events are kept, 0 for ever (default: 1h)', duration)
    .option('--enable-admission-plugins <names>', 'admission plug-ins beside the default ones', list)
    .option('--disable-admission-plugins <names>', 'admission plug-ins to leave out', list)
    .option('--admission-control-config-file <file>', 'AdmissionConfiguration: what admission plug-ins are told')
    .option('--default-not-ready-toleration-seconds <n>', 'how long pods stay on a node that is not ready (default: 300)', integer)
    .option('--default-unreachable-toleration-seconds <n>', 'how long pods stay on a node that is unreachable (default: 300)', integer)
    .option('--allow-privileged [bool]', 'accept privileged containers (default: true)', bool);
}

/** Adds the flags of what runs beside the API server. */
export function addClusterFlags(command: Command): Command {
  return command
    .optionsGroup('Cluster:')
    .option('--nodes <count>', 'nodes at the start (default: 1)', integer)
    .option('--runtime <name>', 'what runs pods: docker, simulated, or auto for Docker where it answers (default: auto)')
    .option('--node-cpu <quantity>', 'processors of a simulated node (default: 8)')
    .option('--node-memory <quantity>', 'memory of a simulated node (default: 32Gi)')
    .option('--node-pods <count>', 'pods a simulated node takes (default: 110)')
    .option('--controllers <names>', "controllers to run: '*' is all, '-name' leaves one out (default: *)", list);
}

/** The options of a cluster, as far as flags were given. Values are checked by `resolveOptions`. */
export function clusterOptions(flags: Flags): ClusterOptions {
  const { nodeCpu, nodeMemory, nodePods, clientCaFile, serviceClusterIpRange, eventTtl, authorizationMode, v, ...others } = flags;
  const { defaultNotReadyTolerationSeconds, defaultUnreachableTolerationSeconds, ...same } = others;
  const capacity = { ...(nodeCpu && { cpu: nodeCpu }), ...(nodeMemory && { memory: nodeMemory }), ...(nodePods && { pods: nodePods }) };
  return {
    ...same,
    // also with --memory: other commands look for the kubeconfig there
    dataDir: flags.dataDir ?? defaultDataDir(),
    nodeCapacity: capacity,
    clientCAFile: clientCaFile,
    serviceClusterIPRanges: serviceClusterIpRange,
    eventTTL: eventTtl,
    notReadyTolerationSeconds: defaultNotReadyTolerationSeconds,
    unreachableTolerationSeconds: defaultUnreachableTolerationSeconds,
    authorizationMode: authorizationMode as AuthorizationMode[] | undefined,
    verbosity: v,
  };
}

/** Go's spelling of a boolean flag: --flag, --flag=true, --flag=false. */
function bool(text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new InvalidArgumentError('It must be true or false.');
}

/** Reads a whole number. @throws InvalidArgumentError */
function integer(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** Go's notation of a duration, such as 1h30m. @returns milliseconds */
function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw new InvalidArgumentError('It must be a duration such as 1h30m.');
  }
}

/** Comma-separated; a flag that is given more than once adds up. */
function list(text: string, previous: string[] | undefined): string[] {
  return [
    ...(previous ?? []),
    ...text
      .split(',')
      .map((s) => s.trim())
      .filter((s) => s !== ''),
  ];
}

/** 30000-32767, 30000+100, or one port (apimachinery's PortRange). */
function portRange(text: string): [number, number] {
  const [, first = '', sign, second] = /^(\d+)(?:([-+])(\d+))?$/.exec(text.trim()) ?? [];
  if (first === '') throw new InvalidArgumentError('It must be a range such as 30000-32767.');
  const start = Number(first);
  return [start, second === undefined ? start : sign === '+' ? start + Number(second) : Number(second)];
}
