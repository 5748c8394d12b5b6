// What Services and Ingresses say of their load balancers.
import { at } from '../meta/field-errors.js';
import { warningsForIP } from './ip.js';

interface Balanced {
  readonly status: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string | undefined }[] | undefined } | undefined;
  };
}

/** Warns of oddly written addresses in a status. */
export function loadBalancerWarnings({ status }: Balanced): string[] {
  return (status.loadBalancer?.ingress ?? []).flatMap(({ ip }, i) =>
    ip ? warningsForIP(at('status', 'loadBalancer', 'ingress').index(i), ip) : [],
  );
}
