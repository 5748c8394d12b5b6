// Everything with which kubectl changes a cluster, with the oldest and the newest kubectl found: generators, apply in all its forms,
// patches, edit, replace, labels and the ways to delete.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ConfigMap, Pod, Service } from '../../src/api/types/core-v1.gen.js';
import { eventually, startTestCluster, type TestCluster } from '../helpers/cluster.js';
import { ends, findKubectls, Kubectl } from './kubectl.js';
import { manifest } from './manifests.js';

const programs = ends(findKubectls());

describe('changing a cluster with stock kubectl', function () {
  this.timeout(40_000);
  let cluster: TestCluster;

  before(async () => {
    cluster = await startTestCluster();
  });
  after(() => cluster?.close());

  if (programs.length === 0) it.skip('needs a kubectl on the PATH');
  for (const program of programs) {
    describe(`kubectl ${program.version}`, () => {
      const namespace = `change-1-${program.minor}`;
      let kubectl: Kubectl;
      before(async () => {
        kubectl = await Kubectl.open(program, cluster.kubeconfig, namespace);
        await kubectl.ok(`create namespace ${namespace}`);
      });
      after(() => kubectl?.close());

      describe('create, run and expose', () => generators(() => kubectl));
      describe('apply', () => applies(() => kubectl));
      describe('patch, edit, replace, label and annotate', () => changes(() => kubectl));
      describe('delete', () => deletions(() => kubectl));
    });
  }
});

function generators(use: () => Kubectl): void {
  it('creates one object of each generator of the core and apps groups', async () => {
    const kubectl = use();
    const made = async (line: string, ...more: string[]) => (await kubectl.ok(`create ${line}`, more)).trimEnd();
    await writeFile(join(kubectl.home, 'settings.properties'), 'x=1\n');
    expect(await made(`configmap settings --from-literal=a=1 --from-file=${kubectl.home}/settings.properties`)).to.equal(
      'configmap/settings created',
    );
    expect((await kubectl.json<ConfigMap>('get configmap settings')).data).to.deep.equal({ a: '1', 'settings.properties': 'x=1\n' });
    expect(await made('secret generic key --from-literal=p=q')).to.equal('secret/key created');
    expect(await made('secret docker-registry pull --docker-server=a.example --docker-username=u --docker-password=p')).to.equal(
      'secret/pull created',
    );
    expect(await kubectl.ok('get secret pull -o jsonpath={.type}')).to.equal('kubernetes.io/dockerconfigjson');
    expect(await made('serviceaccount robot')).to.equal('serviceaccount/robot created');
    expect(await made('quota few --hard=pods=10,configmaps=50')).to.equal('resourcequota/few created');
    expect(await made(`namespace other-${kubectl.program.minor}`)).to.match(/^namespace\/other-\d+ created$/);
    expect(await made('deployment web --image=nginx --replicas=2 --port=80')).to.equal('deployment.apps/web created');
    expect(await made('poddisruptionbudget web --selector=app=web --min-available=1')).to.equal('poddisruptionbudget.policy/web created');
    expect(await kubectl.fails('create configmap settings')).to.equal(
      'error: failed to create configmap: configmaps "settings" already exists\n',
    );
  });

  it('creates services of every type, each with what its type has', async () => {
    const kubectl = use();
    const service = (name: string) => kubectl.json<Service>(`get service ${name}`);
    await kubectl.ok('create service clusterip inside --tcp=80:8080');
    await kubectl.ok('create service clusterip headless --clusterip=None --tcp=80');
    await kubectl.ok('create service nodeport outside --tcp=80:8080');
    await kubectl.ok('create service loadbalancer balanced --tcp=80');
    await kubectl.ok('create service externalname alias --external-name=a.example');
    expect((await service('inside')).spec?.clusterIP).to.match(/^10\.96\./);
    expect((await service('headless')).spec?.clusterIP).to.equal('None');
    expect((await service('outside')).spec?.ports?.[0]?.nodePort).to.be.within(30000, 32767);
    expect(await kubectl.ok('get service balanced --no-headers')).to.match(/^balanced +LoadBalancer +10\.96\.\S+ +<pending> +80:3\d+\/TCP/);
    expect(await kubectl.ok('get service alias --no-headers')).to.match(/^alias +ExternalName +<none> +a\.example +<none>/);
  });

  it('runs a pod and exposes pod and deployment', async () => {
    const kubectl = use();
    expect(await kubectl.ok('run tool --image=tool --env=MODE=x --port=80 --labels=app=tool --expose')).to.equal(
      'service/tool created\npod/tool created\n',
    );
    await kubectl.ok('wait pod/tool --for=condition=Ready --timeout=10s');
    const pod = await kubectl.json<Pod>('get pod tool');
    expect(pod.spec?.containers[0]).to.deep.include({ image: 'tool', env: [{ name: 'MODE', value: 'x' }], imagePullPolicy: 'Always' });
    expect(await kubectl.ok('expose deployment web --port=80 --target-port=8080 --name=front')).to.equal('service/front exposed\n');
    expect((await kubectl.json<Service>('get service front')).spec).to.deep.include({ selector: { app: 'web' } });
    await eventually('the pod as endpoint of its service', async () =>
      (await kubectl.ok('get endpoints tool --no-headers')).includes(`${pod.status?.podIP}:80`),
    );
  });

  it('says what it would do: on the client and on the server', async () => {
    const kubectl = use();
    const drawn = await kubectl.ok('create deployment drawn --image=nginx --dry-run=client -o yaml');
    expect(drawn)
      .to.match(/^kind: Deployment$/m)
      .and.not.contain('uid:');
    expect(await kubectl.ok('create configmap drawn --dry-run=server')).to.equal('configmap/drawn created (server dry run)\n');
    expect(await kubectl.ok('get configmap,deployment drawn --ignore-not-found')).to.equal('');
  });

  it('refuses what is wrong, as the server words it', async () => {
    const kubectl = use();
    expect(await kubectl.fails('create configmap Bad_Name')).to.contain(
      'Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of',
    );
    expect(await kubectl.fails('create deployment none --image=nginx --replicas=-2')).to.match(/replicas|greater than or equal to 0/);
    const unknown = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"dada":{}}';
    expect(await kubectl.fails('create -f -', [], { input: unknown })).to.contain('unknown field "dada"');
    expect(await kubectl.run('create --validate=warn -f -', [], { input: unknown })).to.deep.equal({
      code: 0,
      stdout: 'configmap/x created\n',
      stderr: 'Warning: unknown field "dada"\n',
    });
  });
}

function applies(use: () => Kubectl): void {
  const config = (data: object, name = 'applied') => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

  it('takes away what the file no longer says and leaves what others added', async () => {
    const kubectl = use();
    await kubectl.ok('apply -f -', [], { input: config({ a: '1', b: '2' }) });
    await kubectl.ok('patch configmap applied --type=merge -p', ['{"data":{"theirs":"3"}}']);
    expect(await kubectl.ok('apply -f -', [], { input: config({ a: '9' }) })).to.equal('configmap/applied configured\n');
    expect((await kubectl.json<ConfigMap>('get configmap applied')).data).to.deep.equal({ a: '9', theirs: '3' });
    expect(await kubectl.ok('apply view-last-applied configmap/applied -o json')).to.contain('"a": "9"');
  });

  it('shows the difference before it is made', async () => {
    const kubectl = use();
    const { code, stdout } = await kubectl.run('diff -f -', [], { input: config({ a: '10' }) });
    expect(code, 'exit code of a difference').to.equal(1);
    expect(stdout)
      .to.match(/^- {2}a: "9"$/m)
      .and.match(/^\+ {2}a: "10"$/m);
    expect((await kubectl.run('diff -f -', [], { input: config({ a: '9' }) })).code).to.equal(0);
    expect(await kubectl.run('diff --server-side -f -', [], { input: config({ new: '1' }, 'unborn') })).to.include({ code: 1 });
  });

  it('server-side: owns fields, meets conflicts, and takes over by force', async () => {
    const kubectl = use();
    const apply = (data: object, flags = '') => kubectl.run(`apply --server-side -f - ${flags}`, [], { input: config(data, 'shared') });
    expect((await apply({ a: '1', b: '1' }, '--field-manager=one')).stdout).to.equal('configmap/shared serverside-applied\n');
    const conflict = await apply({ b: '2' }, '--field-manager=two');
    expect(conflict.code).to.equal(1);
    expect(conflict.stderr).to.contain('Apply failed with 1 conflict: conflict with "one": .data.b');
    expect((await apply({ b: '2' }, '--field-manager=two --force-conflicts')).code).to.equal(0);
    expect((await apply({ b: '2' }, '--field-manager=one')).code, 'one lets go of a and shares b').to.equal(0);
    const object = await kubectl.json<ConfigMap>('get configmap shared --show-managed-fields');
    expect(object.data).to.deep.equal({ b: '2' });
    expect(object.metadata.managedFields?.map((f) => [f.manager, f.operation]).sort()).to.deep.equal([
      ['one', 'Apply'],
      ['two', 'Apply'],
    ]);
    expect((await apply({ b: '3' }, '--field-manager=two --force-conflicts --dry-run=server')).stdout).to.contain('(server dry run)');
    expect((await kubectl.json<ConfigMap>('get configmap shared')).data).to.deep.equal({ b: '2' });
  });

  it('server-side after client-side: takes over what apply had written', async () => {
    const kubectl = use();
    await kubectl.ok('apply -f -', [], { input: config({ a: '1', b: '1' }, 'moved') });
    await kubectl.ok('apply --server-side -f -', [], { input: config({ a: '2' }, 'moved') });
    expect((await kubectl.json<ConfigMap>('get configmap moved')).data).to.deep.equal({ a: '2' });
  });

  it('prunes what has left the file', async () => {
    const kubectl = use();
    const file = await manifest('bare.yaml', 'unused');
    const prune = '--prune -l set=pruned --prune-allowlist=core/v1/ConfigMap --prune-allowlist=core/v1/Service';
    await kubectl.ok(`apply -f - ${prune}`, [], { input: file });
    const pruned = await kubectl.ok(`apply -f - ${prune}`, [], { input: file.split('---')[0] ?? '' });
    expect(pruned.trimEnd().split('\n').sort()).to.deep.equal([
      'configmap/dropped pruned',
      'configmap/kept unchanged',
      'service/dropped pruned',
    ]);
    expect(await kubectl.ok('get configmap,service -l set=pruned -o name')).to.equal('configmap/kept\n');
  });

  it('creates several files of a directory, and deletes by it', async () => {
    const kubectl = use();
    for (const name of ['one', 'two']) await writeFile(join(kubectl.home, 'tmp', `${name}.json`), config({}, `file-${name}`));
    expect(await kubectl.ok(`apply -f ${kubectl.home}/tmp`)).to.equal('configmap/file-one created\nconfigmap/file-two created\n');
    const dry = await kubectl.ok(`apply -f ${kubectl.home}/tmp --server-side --dry-run=server`);
    expect(dry.match(/ serverside-applied \(server dry run\)$/gm)).to.have.length(2);
    expect((await kubectl.ok(`delete -f ${kubectl.home}/tmp`)).match(/ deleted/g)).to.have.length(2);
  });
}

function changes(use: () => Kubectl): void {
  const data = async () => (await use().json<ConfigMap>('get configmap changed')).data;

  it('patches in every way there is', async () => {
    const kubectl = use();
    await kubectl.ok('create configmap changed --from-literal=a=1 --from-literal=b=2');
    const patch = (line: string, body: unknown) => kubectl.ok(`patch ${line} -p`, [JSON.stringify(body)]);
    expect(await patch('configmap changed', { data: { b: null, c: '3' } })).to.equal('configmap/changed patched\n');
    expect(await patch('configmap changed', { data: { c: '3' } })).to.equal('configmap/changed patched (no change)\n');
    await patch('configmap changed --type=merge', { data: { d: '4' } });
    await patch('configmap changed --type=json', [{ op: 'move', from: '/data/d', path: '/data/e' }]);
    expect(await data()).to.deep.equal({ a: '1', c: '3', e: '4' });
    expect(await kubectl.fails('patch configmap changed --type=json -p', ['[{"op":"remove","path":"/data/z"}]'])).to.contain(
      'the server rejected our request',
    );

    await kubectl.ok('create deployment patched --image=one');
    const containers = [{ name: 'side', image: 'two' }];
    await patch('deployment patched', { spec: { template: { spec: { containers } } } });
    const images = 'get deployment patched -o jsonpath={.spec.template.spec.containers[*].name}';
    expect((await kubectl.ok(images)).split(' ').sort(), 'a strategic merge adds to the list').to.deep.equal(['one', 'side']);
    await patch('deployment patched --type=merge', { spec: { template: { spec: { containers } } } });
    expect(await kubectl.ok(images), 'a merge patch replaces it').to.equal('side');
    await patch('deployment patched --subresource=scale --type=merge', { spec: { replicas: 2 } });
    expect(await kubectl.ok('get deployment patched -o jsonpath={.spec.replicas}')).to.equal('2');
  });

  it('edits with the editor of the user, and refuses what the server would', async () => {
    const kubectl = use();
    const env = { KUBE_EDITOR: `sed -i 's/a: "1"/a: edited/'` };
    expect(await kubectl.ok('edit configmap changed', [], { env })).to.equal('configmap/changed edited\n');
    expect(await data()).to.include({ a: 'edited' });
    expect(await kubectl.run('edit configmap changed', [], { env: { KUBE_EDITOR: 'true' } })).to.include({ code: 0 });
    const broken = { KUBE_EDITOR: `sed -i 's/^kind: ConfigMap/kind: Secret/'` };
    expect(await kubectl.fails('edit configmap changed', [], { env: broken })).to.not.equal('');
    expect(await data()).to.include({ a: 'edited' });
  });

  it('replaces, and says a conflict when the object has moved on', async () => {
    const kubectl = use();
    const old = await kubectl.ok('get configmap changed -o json');
    const object = JSON.parse(old) as ConfigMap;
    expect(await kubectl.ok('replace -f -', [], { input: JSON.stringify({ ...object, data: { only: 'this' } }) })).to.equal(
      'configmap/changed replaced\n',
    );
    expect(await data()).to.deep.equal({ only: 'this' });
    expect(await kubectl.fails('replace -f -', [], { input: old })).to.contain(
      'the object has been modified; please apply your changes to the latest version',
    );
    const uid = object.metadata.uid;
    const { metadata: _, ...rest } = object;
    const fresh = JSON.stringify({ ...rest, metadata: { name: 'changed' } });
    expect(await kubectl.ok('replace --force -f -', [], { input: fresh })).to.contain('configmap/changed replaced');
    expect((await kubectl.json<ConfigMap>('get configmap changed')).metadata.uid).to.not.equal(uid);
  });

  it('labels and annotates', async () => {
    const kubectl = use();
    expect(await kubectl.ok('label configmap changed tier=back')).to.equal('configmap/changed labeled\n');
    expect(await kubectl.fails('label configmap changed tier=front')).to.contain(
      "'tier' already has a value (back), and --overwrite is false",
    );
    await kubectl.ok('label configmap changed tier=front --overwrite');
    expect(await kubectl.ok('get configmap -l tier=front -o name')).to.equal('configmap/changed\n');
    expect(await kubectl.ok('label configmap changed tier-')).to.equal('configmap/changed unlabeled\n');
    await kubectl.ok('annotate configmap changed note=hello');
    expect(await kubectl.ok('get configmap changed -o jsonpath={.metadata.annotations.note}')).to.equal('hello');
    expect(await kubectl.fails('label configmap changed', ['bad key=1'])).to.contain('bad key');
  });
}

function deletions(use: () => Kubectl): void {
  const alive = async (line: string) => (await use().ok(`get ${line} -o name --ignore-not-found`)).trimEnd();
  const deploy = async (name: string) => {
    await use().ok(`create deployment ${name} --image=x --replicas=2`);
    await use().ok(`rollout status deployment/${name} --timeout=20s`);
  };

  it('takes what a deployment owns along, in the background', async () => {
    await deploy('gone');
    expect(await use().ok('delete deployment gone')).to.match(/^deployment\.apps "gone" deleted/);
    await eventually('replica set and pods are gone', async () => (await alive('replicaset,pods -l app=gone')) === '');
  });

  it('takes it along first with --cascade=foreground', async () => {
    await deploy('first');
    await use().ok('delete deployment first --cascade=foreground --timeout=30s');
    expect(await alive('replicaset -l app=first'), 'nothing is left when the command returns').to.equal('');
  });

  it('leaves it behind with --cascade=orphan', async () => {
    await deploy('left');
    await use().ok('delete deployment left --cascade=orphan');
    const owners = 'get replicaset -l app=left -o jsonpath={.items[*].metadata.ownerReferences}';
    await eventually('the replica set has no owner', async () => (await use().ok(owners)) === '');
    expect((await alive('pods -l app=left')).split('\n')).to.have.length(2);
    await use().ok('delete replicaset -l app=left');
    await eventually('its pods go with it', async () => (await alive('pods -l app=left')) === '');
  });

  it('stops a pod with grace, at once, by force, and without waiting', async () => {
    const kubectl = use();
    const slow = '--annotations=kubemu.dev/stop-delay=20s';
    for (const name of ['grace', 'now', 'force']) await kubectl.ok(`run ${name} --image=x ${slow}`);
    await kubectl.ok('wait pod/grace pod/now pod/force --for=condition=Ready --timeout=10s');
    await kubectl.ok('delete pod grace --wait=false');
    const { metadata } = await kubectl.json<Pod>('get pod grace');
    expect(metadata).to.have.property('deletionTimestamp');
    expect(metadata.deletionGracePeriodSeconds).to.equal(30);
    expect(await kubectl.ok('get pod grace --no-headers')).to.match(/^grace +1\/1 +Terminating /);
    await kubectl.ok('delete pod grace --grace-period=1 --timeout=15s');
    await kubectl.ok('delete pod now --now --timeout=15s');
    const forced = await kubectl.run('delete pod force --force --grace-period=0');
    expect(forced.stderr).to.contain('Warning: Immediate deletion does not wait for confirmation');
    expect(await alive('pods grace now force')).to.equal('');
  });

  it('waits for what is deleted, and deletes all of a selector', async () => {
    const kubectl = use();
    for (const n of [1, 2, 3]) await kubectl.ok(`create configmap many-${n}`);
    await kubectl.ok('label configmap many-1 many-2 many-3 many=yes');
    const waiting = kubectl.start('wait configmap/many-1 --for=delete --timeout=20s');
    expect((await kubectl.ok('delete configmap -l many=yes')).match(/"many-\d" deleted/g)).to.have.length(3);
    expect(await waiting.ended).to.equal(0);
    expect(await kubectl.fails('delete configmap many-1')).to.contain('configmaps "many-1" not found');
    expect(await kubectl.ok('delete configmap many-1 --ignore-not-found')).to.equal('');
  });

  it('holds an object with a finalizer until the finalizer is gone', async () => {
    const kubectl = use();
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', finalizers: ['example.com/hold'] } };
    await kubectl.ok('create -f -', [], { input: JSON.stringify(object) });
    expect(await kubectl.fails('delete configmap held --timeout=1s')).to.contain('timed out waiting for the condition');
    expect((await kubectl.json<ConfigMap>('get configmap held')).metadata).to.have.property('deletionTimestamp');
    await kubectl.ok('patch configmap held --type=merge -p', ['{"metadata":{"finalizers":null}}']);
    expect(await alive('configmap held')).to.equal('');
  });
}
