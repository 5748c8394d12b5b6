// Rules and rows of HorizontalPodAutoscalers, over their v2 form.
import { invalids, validateDNSLabel, validateOptionalChoice } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../meta/field-errors.js';
import { NOT_NEGATIVE, validateNonNegative } from '../meta/metadata.js';
import { isPathSegmentName } from '../meta/names.js';
import { sign } from '../meta/quantity.js';
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HPAScalingPolicy,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '../types/autoscaling-v2.gen.js';
import { validateContainerResourceName } from './resource-names.js';

const SPEC = at('spec');
const MAX_PERIOD = 1800;
const MAX_WINDOW = 3600;
const SELECT_POLICIES = ['Disabled', 'Max', 'Min'];
const POLICY_TYPES = ['Percent', 'Pods'];
const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue'];
/** The field of a metric that its type fills in; looked at in this order. */
const SOURCES = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const;

interface ReferenceOptions {
  readonly allowInvalidAPIVersion: boolean;
  readonly allowEmptyGroup: boolean;
}

/** @returns all that is wrong with an autoscaler; `old` lets in what is there already */
export function validateAutoscaler({ spec }: HorizontalPodAutoscaler, old?: HorizontalPodAutoscaler): FieldError[] {
  const { minReplicas: min, scaleTargetRef: target, metrics = [], behavior } = spec;
  const max = spec.maxReplicas ?? 0;
  const lowest = old?.spec.minReplicas === 0 ? 0 : 1;
  const errors: FieldError[] = [];
  const maxPath = SPEC.child('maxReplicas');
  if (min !== undefined && min < lowest) errors.push(invalid(SPEC.child('minReplicas'), min, `must be greater than or equal to ${lowest}`));
  if (max === 0) errors.push(required(maxPath, 'must be set and greater than 0'));
  else if (max < 0) errors.push(invalid(maxPath, max, 'must be greater than or equal to 1'));
  if (min !== undefined && max < min) errors.push(invalid(maxPath, max, 'must be greater than or equal to `minReplicas`'));
  const before = old?.spec.scaleTargetRef;
  const sameTarget = before !== undefined && before.apiVersion === target.apiVersion && before.kind === target.kind;
  const options = { allowInvalidAPIVersion: sameTarget, allowEmptyGroup: target.kind === 'ReplicationController' };
  errors.push(...validateReference(target, SPEC.child('scaleTargetRef'), options));
  errors.push(...validateMetrics(metrics, min, old));
  if (behavior?.scaleUp) errors.push(...validateRules(behavior.scaleUp, SPEC.child('behavior', 'scaleUp')));
  if (behavior?.scaleDown) errors.push(...validateRules(behavior.scaleDown, SPEC.child('behavior', 'scaleDown')));
  return errors;
}

/** @returns all that is wrong with the counts of the status */
export function validateAutoscalerStatus({ status }: HorizontalPodAutoscaler): FieldError[] {
  return (['currentReplicas', 'desiredReplicas'] as const).flatMap((field) => validateNonNegative(status[field] ?? 0, at('status', field)));
}

function validateReference(
  { kind, name, apiVersion = '' }: CrossVersionObjectReference,
  path: FieldPath,
  options: ReferenceOptions,
): FieldError[] {
  const text = (field: string, value: string) =>
    value ? invalids(path.child(field), value, isPathSegmentName(value)) : [required(path.child(field))];
  const problem = options.allowInvalidAPIVersion ? undefined : versionProblem(apiVersion, options.allowEmptyGroup);
  return [
    ...text('kind', kind),
    ...text('name', name),
    ...(problem === undefined ? [] : [invalid(path.child('apiVersion'), apiVersion, problem)]),
  ];
}

function versionProblem(apiVersion: string, allowEmptyGroup: boolean): string | undefined {
  const slashes = apiVersion.split('/').length - 1;
  if (slashes > 1) return `unexpected GroupVersion string: ${apiVersion}`;
  const hasGroup = slashes === 1 && !apiVersion.startsWith('/');
  return hasGroup || allowEmptyGroup ? undefined : 'apiVersion must specify API group';
}

function validateMetrics(metrics: readonly MetricSpec[], min: number | undefined, old?: HorizontalPodAutoscaler): FieldError[] {
  const path = SPEC.child('metrics');
  const wasInvalid = (old?.spec.metrics ?? []).some(
    (m) => m.object && versionProblem(m.object.describedObject.apiVersion ?? '', true) !== undefined,
  );
  const errors = metrics.flatMap((metric, i) =>
    validateMetric(metric, path.index(i), { allowInvalidAPIVersion: wasInvalid, allowEmptyGroup: true }),
  );
  if (min === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External'))
    errors.push(forbidden(path, 'must specify at least one Object or External metric to support scaling to zero replicas'));
  return errors;
}

function validateMetric(metric: MetricSpec, path: FieldPath, options: ReferenceOptions): FieldError[] {
  const types = Object.keys(SOURCES).sort();
  const errors: FieldError[] = [];
  const unknown = notSupported(path.child('type'), metric.type, types);
  if (!metric.type) errors.push(required(path.child('type'), 'must specify a metric source type'));
  const expected = Object.hasOwn(SOURCES, metric.type) ? SOURCES[metric.type as keyof typeof SOURCES] : undefined;
  if (!expected) errors.push(unknown);
  const present = Object.values(SOURCES).filter((source) => metric[source] !== undefined);
  if (present[0]) errors.push(...validateSource(metric, present[0], path.child(present[0]), options));
  // upstream says so twice
  if (!expected) errors.push(unknown);
  else if (!metric[expected]) errors.push(required(path.child(expected), 'must populate information for the given metric source'));
  if (present.length !== 1)
    for (const other of present)
      if (other !== expected) errors.push(forbidden(path.child(other), 'must populate the given metric source only'));
  return errors;
}

function validateSource(
  metric: MetricSpec,
  source: (typeof SOURCES)[keyof typeof SOURCES],
  path: FieldPath,
  options: ReferenceOptions,
): FieldError[] {
  const targetPath = path.child('target');
  const { object, external, pods, resource, containerResource } = metric;
  if (source === 'object' && object) {
    const errors = [
      ...validateReference(object.describedObject, path.child('describedObject'), options),
      ...validateIdentified(object, path),
    ];
    if (object.target.value === undefined && object.target.averageValue === undefined)
      errors.push(required(targetPath.child('averageValue'), 'must set either a target value or averageValue'));
    return errors;
  }
  if (source === 'external' && external) {
    const errors = validateIdentified(external, path);
    const { value, averageValue } = external.target;
    if (value === undefined && averageValue === undefined)
      errors.push(required(targetPath.child('averageValue'), 'must set either a target value for metric or a per-pod target'));
    if (value !== undefined && averageValue !== undefined)
      errors.push(forbidden(targetPath.child('value'), 'may not set both a target value for metric and a per-pod target'));
    return errors;
  }
  if (source === 'pods' && pods) {
    const missing = pods.target.averageValue === undefined;
    return [
      ...validateIdentified(pods, path),
      ...(missing ? [required(targetPath.child('averageValue'), 'must specify a positive target averageValue')] : []),
    ];
  }
  const measured = source === 'resource' ? resource : containerResource;
  if (!measured) return [];
  const errors: FieldError[] = [];
  if (!measured.name) errors.push(required(path.child('name'), 'must specify a resource name'));
  else if (source === 'containerResource') errors.push(...validateContainerResourceName(measured.name, path.child('name')));
  if (source === 'containerResource' && containerResource)
    errors.push(...validateContainer(containerResource.container, path.child('container')));
  return [...errors, ...validateResourceTarget(measured.target, targetPath)];
}

function validateContainer(name: string, path: FieldPath): FieldError[] {
  return name ? validateDNSLabel(name, path) : [required(path, 'must specify a container')];
}

function validateIdentified({ metric, target }: { metric: MetricIdentifier; target: MetricTarget }, path: FieldPath): FieldError[] {
  const name = path.child('metric', 'name');
  const errors = metric.name ? invalids(name, metric.name, isPathSegmentName(metric.name)) : [required(name, 'must specify a metric name')];
  return [...errors, ...validateTarget(target, path.child('target'))];
}

function validateResourceTarget(target: MetricTarget, path: FieldPath): FieldError[] {
  const errors = validateTarget(target, path);
  const { averageUtilization, averageValue } = target;
  if (averageUtilization === undefined && averageValue === undefined)
    errors.push(required(path.child('averageUtilization'), 'must set either a target raw value or a target utilization'));
  if (averageUtilization !== undefined && averageValue !== undefined)
    errors.push(forbidden(path.child('averageValue'), 'may not set both a target raw value and a target utilization'));
  return errors;
}

function validateTarget({ type, value, averageValue, averageUtilization }: MetricTarget, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (!type) errors.push(required(path.child('type'), 'must specify a metric target type'));
  if (!TARGET_TYPES.includes(type)) errors.push(invalid(path.child('type'), type, 'must be either Utilization, Value, or AverageValue'));
  if (value !== undefined && sign(value) < 1) errors.push(invalid(path.child('value'), value, 'must be positive'));
  if (averageValue !== undefined && sign(averageValue) < 1)
    errors.push(invalid(path.child('averageValue'), averageValue, 'must be positive'));
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.push(invalid(path.child('averageUtilization'), averageUtilization, 'must be greater than 0'));
  return errors;
}

function validateRules(
  { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance }: HPAScalingRules,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const windowPath = path.child('stabilizationWindowSeconds');
  if (window !== undefined && window < 0) errors.push(invalid(windowPath, window, 'must be greater than or equal to zero'));
  if (window !== undefined && window > MAX_WINDOW) errors.push(invalid(windowPath, window, `must be less than or equal to ${MAX_WINDOW}`));
  errors.push(...validateOptionalChoice(selectPolicy, path.child('selectPolicy'), SELECT_POLICIES));
  if (policies.length === 0) errors.push(required(path.child('policies'), 'must specify at least one Policy'));
  policies.forEach((policy, i) => errors.push(...validatePolicy(policy, path.child('policies').index(i))));
  if (tolerance !== undefined && sign(tolerance) < 0) errors.push(invalid(path.child('tolerance'), tolerance, NOT_NEGATIVE));
  return errors;
}

function validatePolicy({ type, value, periodSeconds: period }: HPAScalingPolicy, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const periodPath = path.child('periodSeconds');
  if (!POLICY_TYPES.includes(type)) errors.push(notSupported(path.child('type'), type, POLICY_TYPES));
  if (value <= 0) errors.push(invalid(path.child('value'), value, 'must be greater than zero'));
  if (period <= 0) errors.push(invalid(periodPath, period, 'must be greater than zero'));
  if (period > MAX_PERIOD) errors.push(invalid(periodPath, period, `must be less than or equal to ${MAX_PERIOD}`));
  return errors;
}
