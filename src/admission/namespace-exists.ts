// Nothing is written in a namespace that does not exist.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespaceexists
import * as errors from '../api/meta/errors.js';
import { namespaces } from '../api/meta/resources.gen.js';
import type { Step } from './step.js';

export const namespaceExists: Step = {
  name: 'NamespaceExists',
  onByDefault: false,
  handles: ({ definition, operation }) => definition.namespaced && operation !== 'CONNECT',
  validate({ namespace, context }) {
    if (!context.services.reader.get(namespaces, '', namespace)) throw errors.notFound(namespaces, namespace);
  },
};
