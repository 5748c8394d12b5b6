import { define } from '../definition.js';
import { validateQualifiedName } from '../meta/checks.js';
import { at, type FieldError, forbidden, invalid, notSupported } from '../meta/field-errors.js';
import { age } from '../shared/format.js';
import type { Lease } from '../types/coordination-v1.gen.js';

const SPEC = at('spec');

export default define<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  ownMetadataChecks: { whole: false },
  plainFinalizers: true,
  createOnUpdate: true,
  unconditionalUpdate: false,
  // coordinated leader election (KEP-4355) is off by default upstream: its fields are dropped unless they are there already
  prepare: ({ spec }, old) => {
    if (old?.spec.strategy === undefined) spec.strategy = undefined;
    if (old?.spec.preferredHolder === undefined) spec.preferredHolder = undefined;
  },
  validate,
  row: (lease, { now }) => [lease.metadata.name, lease.spec.holderIdentity ?? '', age(lease, now)],
});

function validate({ spec }: Lease): FieldError[] {
  const { leaseDurationSeconds: duration, leaseTransitions: transitions, strategy, preferredHolder } = spec;
  const errors: FieldError[] = [];
  if (duration !== undefined && duration <= 0) errors.push(invalid(SPEC.child('leaseDurationSeconds'), duration, 'must be greater than 0'));
  if (transitions !== undefined && transitions < 0)
    errors.push(invalid(SPEC.child('leaseTransitions'), transitions, 'must be greater than or equal to 0'));
  if (strategy !== undefined) errors.push(...validateStrategy(strategy));
  if (preferredHolder && !strategy) errors.push(forbidden(SPEC.child('preferredHolder'), 'may only be specified if `strategy` is defined'));
  return errors;
}

function validateStrategy(strategy: string): FieldError[] {
  // the name stands twice upstream
  const path = SPEC.child('strategy', 'strategy');
  if (strategy.includes('/')) return validateQualifiedName(strategy, path);
  return strategy === 'OldestEmulationVersion' ? [] : [notSupported(path, strategy, ['OldestEmulationVersion'])];
}
