// Everything with which kubectl looks at a cluster, with the oldest and the newest kubectl found: every output form of `get`,
// selectors, watching, describing, explaining, discovery, raw requests, the proxy and logs.
import { request } from 'node:http';
import { expect } from 'chai';
import { eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { ends, findKubectls, Kubectl, type KubectlProgram, rows } from './kubectl.js';
import { manifest } from './manifests.js';

const programs = ends(findKubectls());

describe('looking at a cluster with stock kubectl', function () {
  this.timeout(40_000);
  let cluster: TestCluster;

  before(async () => {
    cluster = await startTestCluster();
  });
  after(() => cluster?.close());

  if (programs.length === 0) it.skip('needs a kubectl on the PATH');
  for (const program of programs) describe(`kubectl ${program.version}`, () => looks(program, () => cluster));
});

function looks(program: KubectlProgram, cluster: () => TestCluster): void {
  const namespace = `look-1-${program.minor}`;
  let kubectl: Kubectl;

  before(async () => {
    kubectl = await Kubectl.open(program, cluster().kubeconfig, namespace);
    await kubectl.ok('apply -f -', [], { input: await manifest('shop.yaml', namespace) });
    await kubectl.ok('rollout status deployment/shop --timeout=20s');
  });
  after(() => kubectl?.close());

  describe('get', () => {
    it('prints tables: several kinds, all namespaces, labels, without a head', async () => {
      const both = await kubectl.ok('get deployment,service');
      expect(both).to.match(/^deployment\.apps\/shop +3\/3 +3 +3 +\d+s$/m);
      expect(both).to.match(/^service\/shop +ClusterIP +10\.96\.\d+\.\d+ +<none> +80\/TCP +\d+s$/m);
      expect(rows(await kubectl.ok('get services -A')).map((r) => `${r['NAMESPACE']}/${r['NAME']}`)).to.include.members([
        'default/kubernetes',
        `${namespace}/shop`,
      ]);
      const labels = rows(await kubectl.ok('get pods -l app=shop --show-labels -L app'));
      expect(labels).to.have.length(3);
      for (const row of labels)
        expect(row)
          .to.include({ APP: 'shop' })
          .and.have.property('LABELS')
          .match(/^app=shop,pod-template-hash=/);
      expect(await kubectl.ok('get secret shop-key --no-headers')).to.match(/^shop-key +Opaque +1 +\d+s\n$/);
      expect(rows(await kubectl.ok('get deployment -o wide'))[0]).to.include({
        CONTAINERS: 'web',
        IMAGES: 'registry.example/shop:1.0',
        SELECTOR: 'app=shop',
      });
    });

    it('prints json, yaml, names, jsonpath, templates and columns', async () => {
      const service = await kubectl.json<{ kind: string; spec: { ports: unknown[] } }>('get service shop');
      expect(service.kind).to.equal('Service');
      expect(service.spec.ports).to.deep.equal([{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'http' }]);
      const yaml = await kubectl.ok('get configmap shop-settings -o yaml');
      expect(yaml)
        .to.match(/^kind: ConfigMap$/m)
        .and.contain('  nginx.conf: |\n    server {')
        .and.not.contain('managedFields');
      expect(await kubectl.ok('get configmap shop-settings -o yaml --show-managed-fields')).to.contain(
        'manager: kubectl-client-side-apply',
      );
      expect(await kubectl.ok('get deployment,service -o name')).to.equal('deployment.apps/shop\nservice/shop\n');
      expect(await kubectl.ok('get pods -l app=shop -o jsonpath={.items[*].spec.containers[0].name}')).to.equal('web web web');
      expect(await kubectl.ok('get configmap shop-settings -o go-template={{.data.LOG_LEVEL}}')).to.equal('info');
      expect(await kubectl.ok('get deployment -o custom-columns=NAME:.metadata.name,WANTED:.spec.replicas')).to.equal(
        'NAME   WANTED\nshop   3\n',
      );
      const list = await kubectl.json<{ kind: string; items: { kind: string }[] }>('get service,configmap');
      expect(list.kind).to.equal('List');
      expect(list.items.map((o) => o.kind).sort()).to.deep.equal(['ConfigMap', 'ConfigMap', 'Service']);
    });

    it('selects by label and by field, sorts, and takes lists in pieces', async () => {
      expect(await kubectl.ok('get configmap -o name --field-selector=metadata.name=shop-settings')).to.equal('configmap/shop-settings\n');
      expect(await kubectl.ok('get pods -o name --field-selector=status.phase!=Running')).to.equal('');
      expect((await kubectl.ok('get pods -o name -l', ['app in (shop,other),!missing'])).trimEnd().split('\n')).to.have.length(3);
      expect(await kubectl.ok('get pods -o name -l app=other')).to.equal('');
      const pieces = await kubectl.ok('get pods -l app=shop -o name --chunk-size=2');
      expect(pieces.trimEnd().split('\n')).to.have.length(3);
      const sorted = await kubectl.ok('get service,configmap -o name --sort-by=.metadata.name');
      expect(sorted).to.equal('configmap/kube-root-ca.crt\nservice/shop\nconfigmap/shop-settings\n');
    });

    it('says what is not there', async () => {
      expect(await kubectl.fails('get pod missing')).to.equal('Error from server (NotFound): pods "missing" not found\n');
      expect(await kubectl.ok('get pod missing --ignore-not-found')).to.equal('');
      expect(await kubectl.fails('get unicorns')).to.equal('error: the server doesn\'t have a resource type "unicorns"\n');
      const { stderr } = await kubectl.run('get pods --namespace=nowhere');
      expect(stderr).to.equal('No resources found in nowhere namespace.\n');
    });

    it('prints a subresource', async () => {
      expect(rows(await kubectl.ok('get deployment shop --subresource=scale'))[0]).to.include({
        NAME: 'shop',
        DESIRED: '3',
        AVAILABLE: '3',
      });
      expect(rows(await kubectl.ok('get deployment shop --subresource=status'))[0]).to.include({ NAME: 'shop', READY: '3/3' });
    });

    it('watches: rows as things change, and events of one selector', async () => {
      const watch = kubectl.start('get configmaps -w -l watched=yes --output-watch-events');
      const look = async (pattern: RegExp) => eventually(`${pattern} in ${watch.output}`, () => pattern.test(watch.output));
      await kubectl.ok('create configmap seen --from-literal=a=1');
      await kubectl.ok('label configmap seen watched=yes');
      await look(/^ADDED +seen +1 /m);
      await kubectl.ok('patch configmap seen --type=merge -p', ['{"data":{"b":"2"}}']);
      await look(/^MODIFIED +seen +2 /m);
      await kubectl.ok('label configmap seen watched-');
      await look(/^DELETED +seen +2 /m);
      await watch.stop();
      await kubectl.ok('delete configmap seen');
      const rowsOf = kubectl.start('get pods -l app=shop -w --no-headers');
      await eventually('the pods at the start', () => rowsOf.output.split('\n').length === 4);
      await rowsOf.stop();
    });
  });

  it('describes every kind of the application, nodes and namespaces', async () => {
    const service = await kubectl.ok('describe service shop');
    expect(service)
      .to.match(/^Selector: +app=shop$/m)
      .and.match(/^Endpoints: +10\.244\.\d+\.\d+:8080,/m);
    expect(await kubectl.ok('describe configmap shop-settings')).to.contain('LOG_LEVEL:\n----\ninfo\n');
    const secret = await kubectl.ok('describe secret shop-key');
    expect(secret)
      .to.match(/^password: +11 bytes$/m)
      .and.not.contain('sesame');
    const node = await kubectl.ok('describe node node-1');
    expect(node).to.match(/^ +Ready +True +.* KubeletReady /m);
    expect(node).to.match(new RegExp(`^ +${namespace} +shop-\\S+ +100m \\(1%\\) +0 \\(0%\\) +64Mi \\(0%\\) +128Mi \\(0%\\)`, 'm'));
    expect(await kubectl.ok(`describe namespace ${namespace}`)).to.match(/^Labels: +kubernetes\.io\/metadata\.name=/m);
    expect(await kubectl.ok('describe replicaset -l app=shop')).to.match(/^Controlled By: +Deployment\/shop$/m);
    expect(await kubectl.ok('describe endpoints shop')).to.match(/http +8080 +TCP/);
  });

  it('lists events', async () => {
    const events = await kubectl.ok('events --for deployment/shop');
    expect(rows(events)[0]).to.include({ TYPE: 'Normal', REASON: 'ScalingReplicaSet', OBJECT: 'Deployment/shop' });
    const scheduled = rows(await kubectl.ok('get events --field-selector=reason=Scheduled,involvedObject.kind=Pod'));
    expect(scheduled).to.have.length(3);
    for (const row of scheduled) expect(row['MESSAGE']).to.match(new RegExp(`^Successfully assigned ${namespace}/shop-\\S+ to node-1$`));
  });

  it('explains kinds and fields with their descriptions', async () => {
    const deployment = await kubectl.ok('explain deployment');
    expect(deployment)
      .to.match(/^KIND: +Deployment$/m)
      .and.contain('Deployment enables declarative updates for Pods and ReplicaSets.');
    const probe = await kubectl.ok('explain pod.spec.containers.readinessProbe.periodSeconds');
    expect(probe)
      .to.match(/^FIELD: periodSeconds <integer>$/m)
      .and.contain('How often (in seconds) to perform the probe.');
    const tree = await kubectl.ok('explain service.spec --recursive');
    expect(tree)
      .to.match(/^ {2}ports\t<\[\]ServicePort>$/m)
      .and.match(/^ {4}nodePort\t<integer>$/m);
    expect(await kubectl.fails('explain pod.spec.nothing')).to.contain('field "nothing" does not exist');
  });

  it('discovers what is served', async () => {
    const resources = rows(await kubectl.ok('api-resources'));
    expect(resources).to.deep.include({
      NAME: 'deployments',
      SHORTNAMES: 'deploy',
      APIVERSION: 'apps/v1',
      NAMESPACED: 'true',
      KIND: 'Deployment',
    });
    expect(resources).to.deep.include({ NAME: 'nodes', SHORTNAMES: 'no', APIVERSION: 'v1', NAMESPACED: 'false', KIND: 'Node' });
    const verbs = rows(await kubectl.ok('api-resources --api-group=apps -o wide')).find((r) => r['NAME'] === 'replicasets')?.['VERBS'];
    expect(verbs).to.contain('deletecollection').and.contain('watch');
    expect((await kubectl.ok('api-versions')).split('\n')).to.include.members(['v1', 'apps/v1', 'coordination.k8s.io/v1', 'policy/v1']);
    expect(await kubectl.ok('get all -o name'))
      .to.contain('deployment.apps/shop\n')
      .and.contain('service/shop\n');
  });

  it('says who it is, where it is and what runs', async () => {
    // before 1.28 kubectl asks only for versions of this review that no server of 1.36 has
    if (program.minor >= 28) expect(await kubectl.ok('auth whoami')).to.match(/^Groups +\[system:masters system:authenticated\]$/m);
    else expect(await kubectl.fails('auth whoami')).to.contain('selfsubjectreviews API is not enabled');
    expect(await kubectl.ok('auth can-i delete nodes')).to.equal('yes\n');
    expect(await kubectl.ok('auth can-i --list')).to.match(/^\*\.\* +\[\] +\[\] +\[\*\]$/m);
    expect(await kubectl.ok('cluster-info')).to.contain(cluster().url);
    const version = await kubectl.json<{ serverVersion: { major: string; minor: string; gitVersion: string } }>('version');
    expect(version.serverVersion).to.include({ major: '1', minor: '36' });
    expect(version.serverVersion.gitVersion).to.match(/^v1\.36\./);
  });

  it('asks raw paths', async () => {
    const raw = JSON.parse(await kubectl.ok(`get --raw /api/v1/namespaces/${namespace}/configmaps/shop-settings`)) as { data: object };
    expect(raw.data).to.have.property('LOG_LEVEL', 'info');
    expect(await kubectl.ok('get --raw /readyz')).to.equal('ok');
    expect(await kubectl.ok('get --raw /readyz?verbose')).to.match(/readyz check passed\n$/);
    expect(await kubectl.ok('get --raw /metrics')).to.contain('apiserver_request_total{');
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'raw' } });
    await kubectl.ok(`create --raw /api/v1/namespaces/${namespace}/configmaps -f -`, [], { input: body });
    expect(await kubectl.ok(`delete --raw /api/v1/namespaces/${namespace}/configmaps/raw`)).to.contain('"status":"Success"');
  });

  it('serves the API through its proxy', async () => {
    const proxy = kubectl.start('proxy --port=0');
    const port = await eventually('the address of the proxy', () => /127\.0\.0\.1:(\d+)/.exec(proxy.output)?.[1]);
    const list = JSON.parse(await get(Number(port), `/api/v1/namespaces/${namespace}/services`)) as {
      items: { metadata: { name: string } }[];
    };
    expect(list.items.map((s) => s.metadata.name)).to.deep.equal(['shop']);
    await proxy.stop();
  });

  it('reads and follows logs', async () => {
    const annotations = ['logs=first line', 'log-interval=100ms', 'log-line=beat'].map((text) => `--annotations=kubemu.dev/${text}`);
    await kubectl.ok('run talker --image=talker', annotations);
    await kubectl.ok('wait pod/talker --for=condition=Ready --timeout=10s');
    const follow = kubectl.start('logs -f talker');
    await eventually('a few lines', () => follow.output.startsWith('first line\nbeat 1\nbeat 2\nbeat 3\n'));
    expect((await kubectl.ok('logs talker --tail=2')).trimEnd().split('\n')).to.have.length(2);
    expect(await kubectl.ok('logs talker --timestamps --limit-bytes=41')).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z first line$/);
    expect(await kubectl.fails('logs talker --previous')).to.contain('previous terminated container "talker" in pod "talker" not found');
    expect(await kubectl.fails('logs talker -c other')).to.contain('container other is not valid for pod talker');
    await kubectl.ok('delete pod talker --now');
    expect(await follow.ended, 'the log ends with its container').to.equal(0);
  });

  it('is told by name what is not there yet', async () => {
    expect(await kubectl.fails('top pods')).to.equal('error: Metrics API not available\n');
    expect(await kubectl.fails('exec deployment/shop -- true')).to.contain('does not implement the subresource exec of pods');
  });
}

function get(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}
