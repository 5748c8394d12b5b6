import { define } from '../definition.js';
import { bindingRow, defaultBinding, RBAC_GROUP, rbacName, validateBinding, validateRoleRefKept } from '../shared/rbac.js';
import { checkBinding } from '../shared/rbac-escalation.js';
import type { ClusterRoleBinding } from '../types/rbac-v1.gen.js';

const KINDS = ['ClusterRole'];

export default define<ClusterRoleBinding>({
  group: RBAC_GROUP,
  version: 'v1',
  resource: 'clusterrolebindings',
  createOnUpdate: true,
  validateName: rbacName,
  begin: checkBinding,
  defaults: defaultBinding,
  validate: (binding) => validateBinding(binding, KINDS),
  validateUpdate: (binding, old) => [...validateBinding(binding, KINDS), ...validateRoleRefKept(binding, old)],
  row: bindingRow,
});
