// A small operator: every ConfigMap with the label example.com/app becomes a Deployment of the image and the number of replicas
// that its data names. Ends with Ctrl-C.
import { AppsV1Api, CoreV1Api, KubeConfig, makeInformer, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';

const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);
const apps = config.makeApiClient(AppsV1Api);
const LABEL = 'example.com/app';

const wanted = makeInformer(config, '/api/v1/configmaps', () => core.listConfigMapForAllNamespaces({ labelSelector: LABEL }), LABEL);

/**
 * Makes one Deployment what its ConfigMap says. It reads all it needs and can run any number of times: what is right already stays.
 * A deleted ConfigMap needs nothing: the garbage collector deletes what it owns.
 */
async function reconcile({ namespace, name }) {
  const source = wanted.get(name, namespace);
  if (!source || source.metadata.deletionTimestamp) return;
  const labels = { [LABEL]: name };
  const body = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      ownerReferences: [
        { apiVersion: 'v1', kind: 'ConfigMap', name, uid: source.metadata.uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: {
      replicas: Number(source.data?.replicas ?? 1),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: source.data?.image ?? 'registry.example/app' }] } },
    },
  };
  const options = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);
  await apps.patchNamespacedDeployment({ namespace, name, body, fieldManager: 'example-operator', force: true }, options);
  console.log(`${namespace}/${name}: ${body.spec.replicas} of ${body.spec.template.spec.containers[0].image}`);
}

// one key is never worked on twice at once; one that changes while in work runs again after
const waiting = new Map();
let working = false;
async function work() {
  if (working) return;
  working = true;
  for (const [key, item] of waiting) {
    waiting.delete(key);
    try {
      await reconcile(item);
    } catch (error) {
      console.error(`${key}: ${error.message}; again in a second`);
      setTimeout(() => enqueue(item), 1000);
    }
  }
  working = false;
}
function enqueue({ namespace, name }) {
  waiting.set(`${namespace}/${name}`, { namespace, name });
  void work();
}

let stopping = false;
wanted.on('change', ({ metadata }) => enqueue(metadata));
wanted.on('error', () => {
  if (!stopping) setTimeout(() => void wanted.start(), 1000);
});
await wanted.start();
console.log('watching');

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    stopping = true;
    void wanted.stop();
  });
