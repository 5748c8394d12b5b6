import { define } from '../definition.js';
import { at, type FieldError, invalid, required } from '../meta/field-errors.js';
import { asGiven } from '../meta/given-empty.js';
import { FIELD_IMMUTABLE } from '../meta/metadata.js';
import { age } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import { parsePrefix, validateCanonicalCIDR } from '../shared/ip.js';
import type { ServiceCIDR } from '../types/networking-v1.gen.js';

const CIDRS = at('spec', 'cidrs');

export default define<ServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  resource: 'servicecidrs',
  ownMetadataChecks: { whole: false },
  validate,
  validateUpdate: validateChange,
  subresources: { status: { keeps: ['metadata'] } },
  row: (range, { now }) => [range.metadata.name, (range.spec.cidrs ?? []).join(','), age(range, now)],
});

function validate({ spec }: ServiceCIDR): FieldError[] {
  const cidrs = spec.cidrs ?? [];
  if (cidrs.length === 0) return [required(CIDRS, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalid(CIDRS, goValue({ CIDRs: cidrs }), 'may only hold up to 2 values')];
  const errors = cidrs.flatMap((cidr, i) => validateCanonicalCIDR(cidr, CIDRS.index(i)));
  const [first, second] = cidrs.map((cidr) => parsePrefix(cidr)?.family);
  if (first !== undefined && first === second)
    errors.push(invalid(CIDRS, cidrs, 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64'));
  return errors;
}

/** A second family may be added; nothing else may change. */
function validateChange(range: ServiceCIDR, old: ServiceCIDR): FieldError[] {
  const cidrs = range.spec.cidrs ?? [];
  const before = old.spec.cidrs ?? [];
  const frozen = (i: number) => invalid(CIDRS.index(i), cidrs[i], FIELD_IMMUTABLE);
  if (cidrs.length === before.length) return before.flatMap((cidr, i) => (cidr === cidrs[i] ? [] : [frozen(i)]));
  if (before.length === 1 && cidrs.length === 2) return [...(cidrs[0] === before[0] ? [] : [frozen(0)]), ...validate(range)];
  return [invalid(CIDRS, asGiven(range.spec, 'cidrs'), FIELD_IMMUTABLE)];
}
