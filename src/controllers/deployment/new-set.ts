import { apiVersionOf } from '../../api/meta/object.js';
import { deployments, replicasets } from '../../api/meta/resources.gen.js';
import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.gen.js';
import { controllerReference } from '../runtime/owners.js';
import { fenceposts, newReplicas, replicasOf } from './arithmetic.js';
import { TEMPLATE_HASH, templateHash } from './hash.js';
import { newSetAnnotations, sizeAnnotations } from './revisions.js';

const MAX_NAME = 253;

/** The ReplicaSet of a Deployment's present template, as large as the roll allows now. */
export function newSet(deployment: Deployment, old: readonly ReplicaSet[], revision: number): ReplicaSet {
  const { name, namespace } = deployment.metadata;
  const { selector, template, minReadySeconds } = deployment.spec;
  const hash = templateHash(template, deployment.status.collisionCount);
  const labels = { ...template.metadata?.labels, [TEMPLATE_HASH]: hash };
  const set: ReplicaSet = {
    apiVersion: apiVersionOf(replicasets),
    kind: replicasets.kind,
    metadata: {
      name: `${name.slice(0, MAX_NAME - hash.length - 1)}-${hash}`,
      namespace,
      labels,
      ownerReferences: [controllerReference(deployments, deployment)],
    },
    spec: {
      replicas: 0,
      minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
    status: { replicas: 0 },
  };
  const desired = replicasOf(deployment);
  const annotations = {
    ...newSetAnnotations(deployment, set, revision),
    ...sizeAnnotations(desired, desired + fenceposts(deployment).surge),
  };
  return { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas: newReplicas(deployment, old, set) } };
}
