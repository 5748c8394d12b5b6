import { expect } from 'chai';
import { type ClusterOptions, defaultDataDir, resolveOptions, serviceAddresses } from '../src/options.js';
import { UserError } from '../src/util/user-error.js';

describe('options', () => {
  it('have the defaults of the command line', () => {
    expect(resolveOptions({ dataDir: '/data' })).to.deep.include({
      bindAddress: '127.0.0.1',
      securePort: 6443,
      dataDir: '/data',
      memory: false,
      fsync: true,
      nodes: 1,
      runtime: 'auto',
      controllers: ['*'],
      authorizationMode: ['Node', 'RBAC'],
      serviceClusterIPRanges: ['10.96.0.0/16'],
      serviceNodePortRange: [30000, 32767],
      allowPrivileged: true,
      components: { controllers: true, scheduler: true, nodes: true },
    });
  });

  it('that are undefined count as absent, and a capacity may be given in part', () => {
    const settings = resolveOptions({ securePort: undefined, nodeCapacity: { cpu: '2' } });
    expect(settings.securePort).to.equal(6443);
    expect(settings.nodeCapacity).to.deep.equal({ cpu: '2', memory: '32Gi', pods: '110' });
    const { components } = resolveOptions({ components: { nodes: false, scheduler: undefined } });
    expect(components).to.deep.equal({ controllers: true, scheduler: true, nodes: false });
  });

  it('leave NodeRestriction out when it is switched off', () => {
    expect(resolveOptions({}).enableAdmissionPlugins).to.deep.equal(['NodeRestriction']);
    expect(resolveOptions({ disableAdmissionPlugins: ['NodeRestriction'] }).enableAdmissionPlugins).to.deep.equal([]);
  });

  it('never let anonymous requests in where everything is allowed', () => {
    expect(resolveOptions({ authorizationMode: ['AlwaysAllow'], anonymousAuth: true }).anonymousAuth).to.equal(false);
    expect(resolveOptions({ authorizationMode: ['AlwaysDeny'] }).anonymousAuth).to.equal(true);
    expect(resolveOptions({ authorizationMode: ['AlwaysDeny'], anonymousAuth: false }).anonymousAuth).to.equal(false);
  });

  it('take the data directory from the environment', () => {
    expect(defaultDataDir({ KUBEMU_DATA_DIR: '/elsewhere' })).to.equal('/elsewhere');
    expect(defaultDataDir({})).to.match(/\/\.kubemu$/);
  });

  const wrong: [ClusterOptions, string][] = [
    [{ bindAddress: 'localhost' }, '--bind-address=localhost: must be an IP address'],
    [{ securePort: 65536 }, '--secure-port=65536: must be a number from 0 to 65535'],
    [{ nodes: -1 }, '--nodes=-1: must be a number from 0 to 10000'],
    [{ runtime: 'podman' as never }, '--runtime=podman: must be one of auto, docker, simulated'],
    [{ authorizationMode: ['ABAC' as never] }, '--authorization-mode=ABAC: must be one of AlwaysAllow, AlwaysDeny, RBAC, Node'],
    [{ authorizationMode: [] }, '--authorization-mode: at least one mode must be given'],
    [{ authorizationMode: ['RBAC', 'RBAC'] }, '--authorization-mode: RBAC is given twice'],
    [{ tlsCertFile: 'x' }, '--tls-cert-file and --tls-private-key-file must be given together'],
    [{ serviceClusterIPRanges: ['10.0.0.0'] }, '--service-cluster-ip-range=10.0.0.0: must be a range such as 10.96.0.0/16'],
    [{ serviceClusterIPRanges: ['10.0.0.0/8'] }, '--service-cluster-ip-range=10.0.0.0/8: too large, at most 20 bits may be free'],
    [{ serviceClusterIPRanges: ['10.0.0.0/16', '10.1.0.0/16'] }, '--service-cluster-ip-range: two ranges must be of different IP families'],
    [{ serviceNodePortRange: [4000, 3000] }, '--service-node-port-range=3000: must be a number from 4000 to 65535'],
    [{ nodeCapacity: { memory: 'much' } }, '--node-memory=much: must be a quantity such as 4, 500m or 16Gi'],
    [
      { etcdServers: ['http://x'] },
      '--etcd-servers is not supported yet: objects are kept in the data directory (--data-dir) or in memory (--memory)',
    ],
  ];
  const misspelt: [object, string][] = [
    [{ securePrt: 1 }, 'unknown option securePrt (did you mean securePort?)'],
    [{ datadir: '/tmp' }, 'unknown option datadir (did you mean dataDir?)'],
    [{ kubelets: 3 }, 'unknown option kubelets'],
    [{ toString: 'x' }, 'unknown option toString'],
    [{ components: { node: false } }, 'unknown option components.node (did you mean components.nodes?)'],
    [{ nodeCapacity: { CPUs: '1' } }, 'unknown option nodeCapacity.CPUs (did you mean nodeCapacity.cpu?)'],
    [{ nodes: '3' }, 'option nodes: must be a number'],
    [{ memory: 'yes' }, 'option memory: must be true or false'],
    [{ controllers: 'deployment' }, 'option controllers: must be a list of strings'],
    [{ components: true }, 'option components: must be an object'],
  ];
  for (const [options, message] of [...wrong, ...misspelt])
    it(`refuse: ${message}`, () => {
      expect(() => resolveOptions(options))
        .to.throw(UserError, message)
        .with.property('kind', 'usage');
    });

  it('tell the address of the service kubernetes', () => {
    expect(serviceAddresses({ serviceClusterIPRanges: ['10.96.0.0/16', 'fd00:1::/112'] })).to.deep.equal(['10.96.0.1', 'fd00:1::1']);
  });
});
