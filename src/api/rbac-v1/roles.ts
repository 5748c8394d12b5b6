import { define } from '../definition.js';
import { RBAC_GROUP, rbacName, validateRules } from '../shared/rbac.js';
import { checkRole } from '../shared/rbac-escalation.js';
import type { Role } from '../types/rbac-v1.gen.js';

export default define<Role>({
  group: RBAC_GROUP,
  version: 'v1',
  resource: 'roles',
  createOnUpdate: true,
  validateName: rbacName,
  begin: checkRole,
  validate: ({ rules }) => validateRules(rules, true),
});
