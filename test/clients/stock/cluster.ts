// An API server of kubemu in a process of its own, with the stock controllers and scheduler instead of ours.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namespaces, serviceaccounts } from '../../../src/api/meta/resources.gen.js';
import { eventually } from '../../helpers/cluster.js';
import { Kubemu } from '../../restart/process.js';
import { Kubelets } from './kubelets.js';
import { Objects } from './objects.js';
import { Component, type ComponentName } from './programs.js';

/** What tests wait for at most: controllers work in turns of seconds, and the machine may be busy. */
export const PATIENCE_MS = 60_000;

/** As an installer starts them; intervals as short as they may be, so that no test waits for one. */
function flagsOf(name: ComponentName, pki: string): string[] {
  if (name === 'kube-scheduler') return [];
  return [
    `--root-ca-file=${join(pki, 'ca.crt')}`,
    `--cluster-signing-cert-file=${join(pki, 'ca.crt')}`,
    `--cluster-signing-key-file=${join(pki, 'ca.key')}`,
    `--service-account-private-key-file=${join(pki, 'sa.key')}`,
    '--use-service-account-credentials=true',
    '--controllers=*,bootstrap-signer-controller,token-cleaner-controller',
    '--allocate-node-cidrs=true',
    '--cluster-cidr=10.244.0.0/16',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--node-monitor-period=1s',
    '--node-monitor-grace-period=8s',
    '--horizontal-pod-autoscaler-sync-period=2s',
    '--pvclaimbinder-sync-period=2s',
    // some thirty clients share the budget of a minute
    '--kube-api-qps=200',
    '--kube-api-burst=400',
  ];
}

function serverFlags(port: string): string[] {
  return ['apiserver', `--secure-port=${port}`, '--authorization-mode=Node,RBAC'];
}

/** The cluster and what the tests need of it. */
export class StockCluster {
  readonly objects: Objects;
  readonly kubelets: Kubelets;
  readonly components: readonly Component[];
  #server: Kubemu;

  private constructor(server: Kubemu, components: readonly Component[]) {
    this.#server = server;
    this.objects = new Objects((...request) => this.#server.send(...request));
    this.kubelets = new Kubelets(this.objects);
    this.components = components;
  }

  /** Starts everything and waits for nothing but the server. */
  static async start(paths: Readonly<Record<ComponentName, string>>): Promise<StockCluster> {
    const dataDir = await mkdtemp(join(tmpdir(), 'kubemu-stock-'));
    const pki = join(dataDir, 'pki');
    const server = await Kubemu.start(dataDir, serverFlags('0'));
    // the controllers sign with the server's key, which is made when it is first needed
    await server.get('/openid/v1/jwks');
    const components = await Promise.all(
      (Object.keys(paths) as ComponentName[]).map((name) => Component.start(name, paths[name], dataDir, server.url, flagsOf(name, pki))),
    );
    return new StockCluster(server, components);
  }

  get server(): Kubemu {
    return this.#server;
  }

  /** Kills the server and starts it again where it was. */
  async restart(): Promise<void> {
    const { dataDir, url } = this.#server;
    await this.#server.kill();
    this.#server = await Kubemu.start(dataDir, serverFlags(new URL(url).port));
  }

  /** A namespace with the service account that its pods need. @returns its name */
  async namespace(name: string): Promise<string> {
    await this.objects.create(namespaces, { metadata: { name } });
    await this.until(`service account of ${name}`, () => this.objects.find(serviceaccounts, { namespace: name, name: 'default' }));
    return name;
  }

  /** Waits until `check` finds something. @throws Error when it does not in time */
  readonly until = <T>(what: string, check: () => Promise<T | undefined | false>): Promise<T> => eventually(what, check, PATIENCE_MS);

  async stop(): Promise<void> {
    await this.kubelets.stop();
    await Promise.all(this.components.map((component) => component.stop()));
    await this.#server.terminate();
    await rm(this.#server.dataDir, { recursive: true, force: true });
  }
}
