import { define } from '../definition.js';
import { bindingRow, defaultBinding, RBAC_GROUP, rbacName, validateBinding, validateRoleRefKept } from '../shared/rbac.js';
import { checkBinding } from '../shared/rbac-escalation.js';
import type { RoleBinding } from '../types/rbac-v1.gen.js';

const KINDS = ['Role', 'ClusterRole'];

export default define<RoleBinding>({
  group: RBAC_GROUP,
  version: 'v1',
  resource: 'rolebindings',
  createOnUpdate: true,
  validateName: rbacName,
  begin: checkBinding,
  defaults: defaultBinding,
  validate: (binding) => validateBinding(binding, KINDS),
  validateUpdate: (binding, old) => [...validateBinding(binding, KINDS), ...validateRoleRefKept(binding, old)],
  row: bindingRow,
});
