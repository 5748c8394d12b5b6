// Nothing is created in a namespace that does not exist or is going away; three namespaces cannot be deleted.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespacelifecycle
import { notFound } from '../api/meta/errors.js';
import { namespaces } from '../api/meta/resources.gen.js';
import { forbidden, type Step } from './step.js';

const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);

export const namespaceLifecycle: Step = {
  name: 'NamespaceLifecycle',
  onByDefault: true,
  handles({ definition, operation }) {
    if (operation === 'DELETE') return definition.group === '' && definition.resource === 'namespaces';
    return definition.namespaced && operation === 'CREATE';
  },
  mutate(attributes) {
    const { definition, operation, namespace, name, context } = attributes;
    if (operation === 'DELETE') {
      if (IMMORTAL.has(name)) throw forbidden(attributes, 'this namespace may not be deleted');
      return;
    }
    // access reviews ask about a namespace, they do not live in it
    if (definition.group === 'authorization.k8s.io') return;
    const found = context.services.reader.get(namespaces, '', namespace);
    if (!found) throw notFound(namespaces, namespace);
    if (found.status.phase !== 'Terminating') return;
    const error = forbidden(attributes, `unable to create new content in namespace ${namespace} because it is being terminated`);
    if (error.status.details)
      error.status.details.causes = [
        { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' },
      ];
    throw error;
  },
};
