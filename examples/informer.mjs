// An informer lists once, then watches: it holds a local copy of the pods and tells of every change.
import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';

const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);
const namespace = 'default';
const name = 'example-informer';
const labelSelector = 'app=example-informer';

const informer = makeInformer(
  config,
  `/api/v1/namespaces/${namespace}/pods`,
  () => core.listNamespacedPod({ namespace, labelSelector }),
  labelSelector,
);
let seen = false;
let stopping = false;
const ready = (pod) => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') ?? false;
const gone = new Promise((resolve) => {
  informer.on('add', (pod) => console.log(`added ${pod.metadata.name}`));
  informer.on('update', (pod) => {
    console.log(`${pod.metadata.name} is ${pod.status.phase}${ready(pod) ? ', ready' : ''}`);
    // seen to run: that is enough
    if (!ready(pod) || seen) return;
    seen = true;
    void core.deleteNamespacedPod({ namespace, name, gracePeriodSeconds: 1 });
  });
  informer.on('delete', (pod) => {
    console.log(`deleted ${pod.metadata.name}; ${informer.list(namespace).length} left`);
    resolve();
  });
});
// a watch can always end with an error, for one when it fell too far behind: begin anew with a list
informer.on('error', (error) => {
  if (stopping) return;
  console.error(`again after: ${error}`);
  setTimeout(() => void informer.start(), 1000);
});

await informer.start();
await core.createNamespacedPod({
  namespace,
  body: { metadata: { name, labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'registry.example/main:1' }] } },
});
await gone;
stopping = true;
await informer.stop();
