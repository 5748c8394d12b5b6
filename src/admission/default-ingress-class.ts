// An ingress that names no class gets the default one.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaultingressclass
import { ingressclasses } from '../api/meta/resources.gen.js';
import { DEFAULT_INGRESS_CLASS_ANNOTATION, INGRESS_CLASS_ANNOTATION } from '../api/meta/well-known.js';
import type { Ingress } from '../api/types/networking-v1.gen.js';
import { defaultClass } from './default-class.js';
import type { Step } from './step.js';

export const defaultIngressClass: Step = {
  name: 'DefaultIngressClass',
  onByDefault: true,
  handles: ({ definition, subresource, operation }) =>
    definition.group === 'networking.k8s.io' && definition.resource === 'ingresses' && subresource === '' && operation === 'CREATE',
  mutate({ object, context }) {
    const { metadata, spec } = object as Ingress;
    if (!spec || spec.ingressClassName !== undefined || metadata.annotations?.[INGRESS_CLASS_ANNOTATION] !== undefined) return;
    const found = defaultClass(context.services.reader.list(ingressclasses), [DEFAULT_INGRESS_CLASS_ANNOTATION]);
    if (found) spec.ingressClassName = found.metadata.name;
  },
};
