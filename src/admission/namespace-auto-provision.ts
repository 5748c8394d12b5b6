// A namespace that does not exist is made when something is created in it.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespaceautoprovision
import * as errors from '../api/meta/errors.js';
import { namespaces } from '../api/meta/resources.gen.js';
import type { Step } from './step.js';

export const namespaceAutoProvision: Step = {
  name: 'NamespaceAutoProvision',
  onByDefault: false,
  handles: ({ definition, operation, context }) => definition.namespaced && operation === 'CREATE' && !context.dryRun,
  async mutate({ definition, namespace, name, context }) {
    if (context.services.reader.get(namespaces, '', namespace)) return;
    try {
      await context.services.own.create(namespaces, { metadata: { name: namespace } });
    } catch (error) {
      if (errors.isApiError(error, 'AlreadyExists')) return;
      throw errors.isApiError(error) ? errors.forbidden(definition, name, error.message) : error;
    }
  },
};
