// Server-side apply: every manager says what it wants and owns just that.
import { CoreV1Api, KubeConfig, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';

const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);
const namespace = 'default';
const name = 'example-apply';

/** @returns the data of the config map after `fieldManager` has applied its part */
async function apply(fieldManager, data, force = false) {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
  const options = setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply);
  return (await core.patchNamespacedConfigMap({ namespace, name, body, fieldManager, force }, options)).data ?? {};
}

// the first apply creates the object, the second adds its part
console.log(await apply('team-a', { color: 'blue', size: 'large' }));
console.log(await apply('team-b', { shape: 'round' }));

// a field of another manager is not taken by accident …
try {
  await apply('team-b', { shape: 'round', color: 'red' });
} catch (error) {
  console.log(JSON.parse(error.body).message);
}
// … but on purpose
console.log(await apply('team-b', { shape: 'round', color: 'red' }, true));

// what a manager no longer says goes, unless somebody else owns it too
console.log(await apply('team-a', {}));

const { metadata } = await core.readNamespacedConfigMap({ namespace, name });
for (const { manager, fieldsV1 } of metadata.managedFields)
  console.log(`${manager} owns ${Object.keys(fieldsV1['f:data'] ?? {}).join(' and ') || 'nothing'}`);
await core.deleteNamespacedConfigMap({ namespace, name });
