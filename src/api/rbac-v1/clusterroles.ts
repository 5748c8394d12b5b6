import { define } from '../definition.js';
import { at, type FieldError, invalid, required } from '../meta/field-errors.js';
import { compileLabelSelector, hasInvalidValues, validateLabelSelector } from '../meta/label-selector.js';
import { RBAC_GROUP, rbacName, validateRules } from '../shared/rbac.js';
import { checkRole } from '../shared/rbac-escalation.js';
import type { LabelSelector } from '../types/meta-v1.gen.js';
import type { ClusterRole } from '../types/rbac-v1.gen.js';

export default define<ClusterRole>({
  group: RBAC_GROUP,
  version: 'v1',
  resource: 'clusterroles',
  createOnUpdate: true,
  validateName: rbacName,
  begin: checkRole,
  validate: (role) => validate(role, false),
  validateUpdate: (role, old) => validate(role, (old.aggregationRule?.clusterRoleSelectors ?? []).some(hasInvalidValues)),
});

function validate({ rules, aggregationRule }: ClusterRole, allowInvalidValues: boolean): FieldError[] {
  const errors = validateRules(rules, false);
  if (!aggregationRule) return errors;
  const path = at('aggregationRule', 'clusterRoleSelectors');
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) errors.push(required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil'));
  return [
    ...errors,
    ...selectors.flatMap((selector, i) => [
      ...validateLabelSelector(selector, path.index(i), { allowInvalidValues }),
      ...(compiles(selector) ? [] : [invalid(path.index(i), null, 'invalid label selector.')]),
    ]),
  ];
}

function compiles(selector: LabelSelector): boolean {
  try {
    compileLabelSelector(selector);
    return true;
  } catch {
    return false;
  }
}
