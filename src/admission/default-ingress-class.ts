// An ingress that names no class gets the default one.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaultingressclass
import { ingressclasses } from '../api/meta/resources.gen.js';
import type { Ingress } from '../api/types/networking-v1.gen.js';
import { defaultClass } from './default-class.js';
import type { Step } from './step.js';

const DEFAULT = ['ingressclass.kubernetes.io/is-default-class'];
/** How ingresses named their class before there was a field. */
const OLD_FORM = 'kubernetes.io/ingress.class';

export const defaultIngressClass: Step = {
  name: 'DefaultIngressClass',
  onByDefault: true,
  handles: ({ definition, subresource, operation }) =>
    definition.group === 'networking.k8s.io' && definition.resource === 'ingresses' && subresource === '' && operation === 'CREATE',
  mutate({ object, context }) {
    const { metadata, spec } = object as Ingress;
    if (!spec || spec.ingressClassName !== undefined || metadata.annotations?.[OLD_FORM] !== undefined) return;
    const found = defaultClass(context.services.reader.list(ingressclasses), DEFAULT);
    if (found) spec.ingressClassName = found.metadata.name;
  },
};
