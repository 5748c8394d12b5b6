// A Deployment is created, updated and watched until the new version runs everywhere.
import { AppsV1Api, KubeConfig, PatchStrategy, setHeaderOptions, Watch } from '@kubernetes/client-node';

const config = new KubeConfig();
config.loadFromDefault();
const apps = config.makeApiClient(AppsV1Api);
const namespace = 'default';
const name = 'example-rollout';
const labels = { app: name };

/** Follows the Deployment until its controller has seen the last change and every replica is new and available. */
async function rolledOut() {
  const { metadata, spec } = await apps.readNamespacedDeployment({ namespace, name });
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  await new Promise((resolve, reject) => {
    let watch;
    const follow = ({ status = {} }) => {
      console.log(`  ${status.updatedReplicas ?? 0} updated, ${status.availableReplicas ?? 0} available of ${spec.replicas}`);
      const seen = (status.observedGeneration ?? 0) >= metadata.generation;
      const { replicas } = spec;
      if (seen && status.replicas === replicas && status.updatedReplicas === replicas && status.availableReplicas === replicas) {
        watch.then((controller) => controller.abort());
        resolve();
      }
    };
    // without a resourceVersion the watch begins with the object as it is
    watch = new Watch(config).watch(path, { fieldSelector: `metadata.name=${name}` }, (_, object) => follow(object), reject);
    watch.catch(reject);
  });
}

await apps.createNamespacedDeployment({
  namespace,
  body: {
    metadata: { name },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] } },
    },
  },
});
console.log('created');
await rolledOut();

// the list of containers is merged by name: the patch need not repeat the rest of it
await apps.patchNamespacedDeployment(
  { namespace, name, body: { spec: { template: { spec: { containers: [{ name: 'web', image: 'registry.example/web:2' }] } } } } },
  setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
);
console.log('updated');
await rolledOut();

await apps.deleteNamespacedDeployment({ namespace, name, propagationPolicy: 'Foreground' });
console.log('deleted');
