import { define } from '../definition.js';
import { invalids } from '../meta/checks.js';
import { at, type FieldError, invalid, notSupported, required } from '../meta/field-errors.js';
import { nameIsDNSSubdomain } from '../meta/names.js';
import { age } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import type { FlowSchema, FlowSchemaSpec } from '../types/flowcontrol-v1.gen.js';
import { mandatorySpec, sameSpec, validateConditions } from './mandatory-specs.js';
import { validateRules } from './policy-rules.js';

const SPEC = at('spec');
const DEFAULT_PRECEDENCE = 1000;
const MAX_PRECEDENCE = 10_000;
const EXEMPT = 'exempt';
const METHODS = ['ByNamespace', 'ByUser'];

export default define<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  resource: 'flowschemas',
  ownMetadataChecks: { change: false },
  generation: true,
  defaults: ({ spec }) => {
    spec.matchingPrecedence ||= DEFAULT_PRECEDENCE;
  },
  validate,
  subresources: { status: { keeps: ['metadata'], keepsAllMetadata: true, validate: ({ status }) => validateConditions(status) } },
  // as requests are matched
  compareRows: (a, b) =>
    (a.spec.matchingPrecedence ?? 0) - (b.spec.matchingPrecedence ?? 0) || (a.metadata.name < b.metadata.name ? -1 : 1),
  row: (flowSchema, { now }) => [
    flowSchema.metadata.name,
    flowSchema.spec.priorityLevelConfiguration.name,
    flowSchema.spec.matchingPrecedence ?? 0,
    flowSchema.spec.distinguisherMethod?.type ?? '<none>',
    age(flowSchema, now),
    flowSchema.status.conditions?.find((c) => c.type === 'Dangling')?.status ?? '?',
  ],
});

function validate({ metadata: { name }, spec, status }: FlowSchema): FieldError[] {
  const errors = validateSpec(spec, name);
  const fixed = mandatorySpec<FlowSchemaSpec>('flowschemas', name);
  if (fixed && !sameSpec(spec, fixed))
    errors.push(invalid(SPEC, goValue(spec, 'flowcontrol.FlowSchemaSpec'), `spec of '${name}' must equal the fixed value`));
  return [...errors, ...validateConditions(status)];
}

function validateSpec(spec: FlowSchemaSpec, name: string): FieldError[] {
  const errors: FieldError[] = [];
  const path = SPEC.child('matchingPrecedence');
  const precedence = spec.matchingPrecedence ?? 0;
  if (precedence <= 0) errors.push(invalid(path, precedence, 'must be a positive value'));
  if (precedence > MAX_PRECEDENCE) errors.push(invalid(path, precedence, `must not be greater than ${MAX_PRECEDENCE}`));
  if (precedence === 1 && name !== EXEMPT)
    errors.push(invalid(path, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"));
  const method = spec.distinguisherMethod;
  if (method && !METHODS.includes(method.type))
    errors.push(notSupported(SPEC.child('distinguisherMethod', 'type'), goValue(method, 'flowcontrol.FlowDistinguisherMethod'), METHODS));
  const levelPath = SPEC.child('priorityLevelConfiguration', 'name');
  const level = spec.priorityLevelConfiguration.name;
  if (level) errors.push(...invalids(levelPath, level, nameIsDNSSubdomain(level, false)));
  else errors.push(required(levelPath, 'must reference a priority level'));
  return [...errors, ...validateRules(spec.rules ?? [], SPEC.child('rules'))];
}
