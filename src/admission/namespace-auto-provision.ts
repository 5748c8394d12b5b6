// A namespace that does not exist is made when something is created in it.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespaceautoprovision
import { isApiError } from '../api/meta/errors.js';
import { namespaces } from '../api/meta/resources.gen.js';
import { forbidden, type Step } from './step.js';

export const namespaceAutoProvision: Step = {
  name: 'NamespaceAutoProvision',
  onByDefault: false,
  handles: ({ definition, operation, context }) => definition.namespaced && operation === 'CREATE' && !context.dryRun,
  async mutate(attributes) {
    const { namespace, context } = attributes;
    if (context.services.reader.get(namespaces, '', namespace)) return;
    try {
      await context.services.own.create(namespaces, { metadata: { name: namespace } });
    } catch (error) {
      if (isApiError(error, 'AlreadyExists')) return;
      throw isApiError(error) ? forbidden(attributes, error.message) : error;
    }
  },
};
