// autoscaling/v1 is older than all metrics but the CPU's. What it has no fields for it carries in annotations, in forms of its
// own, so that an object that was read as v1 and written back loses nothing.
import { goJson } from '../meta/field-errors.js';
import { isZero } from '../meta/quantity.js';
import type { HorizontalPodAutoscaler as V1 } from '../types/autoscaling-v1.gen.js';
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscalerBehavior,
  HorizontalPodAutoscalerCondition,
  HPAScalingPolicy,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  HorizontalPodAutoscaler as V2,
} from '../types/autoscaling-v2.gen.js';
import type { LabelSelector } from '../types/meta-v1.gen.js';

const PREFIX = 'autoscaling.alpha.kubernetes.io/';
const METRICS = `${PREFIX}metrics`;
const CURRENT_METRICS = `${PREFIX}current-metrics`;
const CONDITIONS = `${PREFIX}conditions`;
const BEHAVIOR = `${PREFIX}behavior`;
const OF_SPEC = [METRICS, BEHAVIOR, `${PREFIX}scale-down-tolerance`, `${PREFIX}scale-up-tolerance`];
const OF_STATUS = [CURRENT_METRICS, CONDITIONS];
/** The annotations that carry fields of v2. */
export const CARRIED: readonly string[] = [...OF_SPEC, ...OF_STATUS];
/** What an autoscaler without metrics aims at, in percent. */
export const DEFAULT_CPU = 80;

/** One metric or its status as the annotations hold it; which fields there are depends on the type. */
interface OldMetric {
  readonly type: string;
  readonly object?: OldSource;
  readonly pods?: OldSource;
  readonly resource?: OldSource;
  readonly containerResource?: OldSource;
  readonly external?: OldSource;
}

interface OldSource {
  readonly target?: CrossVersionObjectReference;
  readonly name?: string;
  readonly container?: string;
  readonly metricName?: string;
  readonly selector?: LabelSelector | undefined;
  readonly metricSelector?: LabelSelector | undefined;
  readonly averageValue?: string | undefined;
  readonly targetValue?: string | undefined;
  readonly targetAverageValue?: string | undefined;
  readonly targetAverageUtilization?: number | undefined;
  readonly currentValue?: string | undefined;
  readonly currentAverageValue?: string | undefined;
  readonly currentAverageUtilization?: number | undefined;
}

/** The v1 form of an autoscaler of v2. */
export function toV1({ metadata, spec, status }: V2): V1 {
  const metrics = spec.metrics ?? [];
  const current = status.currentMetrics ?? [];
  const others = metrics.filter((metric) => cpuTarget(metric) === undefined);
  const annotations = withoutCarried(metadata.annotations);
  const carry = (key: string, value: unknown) => {
    annotations[key] = goJson(JSON.stringify(value));
  };
  if (others.length > 0) carry(METRICS, others.map(oldSpec));
  if (current.length > 0) carry(CURRENT_METRICS, current.map(oldStatus));
  if (spec.behavior) carry(BEHAVIOR, oldBehavior(spec.behavior));
  if (status.conditions?.length) carry(CONDITIONS, status.conditions.map(oldCondition));
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { ...metadata, annotations: Object.keys(annotations).length > 0 ? annotations : undefined },
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      minReplicas: spec.minReplicas,
      maxReplicas: spec.maxReplicas,
      targetCPUUtilizationPercentage: metrics.map(cpuTarget).find((target) => target !== undefined),
    },
    status: {
      observedGeneration: status.observedGeneration,
      lastScaleTime: status.lastScaleTime,
      currentReplicas: status.currentReplicas ?? 0,
      desiredReplicas: status.desiredReplicas ?? 0,
      currentCPUUtilizationPercentage: current.findLast(
        ({ resource }) => resource?.name === 'cpu' && resource.current.averageUtilization !== undefined,
      )?.resource?.current.averageUtilization,
    },
  };
}

/** The v2 form of an autoscaler of v1. Annotations that hold no JSON are as if they were not there. */
export function toV2({ metadata, spec, status }: V1): V2 {
  const carried = metadata.annotations ?? {};
  const annotations = withoutCarried(metadata.annotations);
  const cpu = spec.targetCPUUtilizationPercentage;
  const metrics = [...(parse(carried[METRICS], listOf(newSpec)) ?? []), ...(cpu === undefined ? [] : [cpuMetric(cpu)])];
  const used = status.currentCPUUtilizationPercentage;
  const current = parse(carried[CURRENT_METRICS], listOf(newStatus));
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { ...metadata, annotations: Object.keys(annotations).length > 0 ? annotations : undefined },
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      minReplicas: spec.minReplicas,
      maxReplicas: spec.maxReplicas,
      metrics: metrics.length > 0 ? metrics : [cpuMetric(DEFAULT_CPU)],
      behavior: parse(carried[BEHAVIOR], newBehavior),
    },
    status: {
      observedGeneration: status.observedGeneration,
      lastScaleTime: status.lastScaleTime,
      currentReplicas: status.currentReplicas || undefined,
      desiredReplicas: status.desiredReplicas,
      currentMetrics:
        current ??
        (used === undefined ? undefined : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: used } } }]),
      conditions: parse(
        carried[CONDITIONS],
        listOf((condition: HorizontalPodAutoscalerCondition) => condition),
      ),
    },
  };
}

/** Whether an autoscaler of v1 has metrics beyond the CPU's. */
export function hasCarriedMetrics(annotations: Readonly<Record<string, string>> = {}): boolean {
  return (parse(annotations[METRICS], listOf(newSpec)) ?? []).length > 0;
}

/** Puts what annotations carry of the part that a write may not touch back to what it was; a new autoscaler has no status. */
export function restoreCarried({ metadata }: V1, old: V1 | undefined, part: 'spec' | 'status'): void {
  const annotations = { ...metadata.annotations };
  for (const key of part === 'spec' ? OF_SPEC : OF_STATUS) {
    const value = old?.metadata.annotations?.[key];
    if (value === undefined) delete annotations[key];
    else annotations[key] = value;
  }
  metadata.annotations = annotations;
}

function withoutCarried(annotations: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !CARRIED.includes(key)));
}

/** What `read` makes of the JSON; undefined where there is none, or another kind of value than it can read. */
function parse<T, R>(text: string | undefined, read: (value: T) => R): R | undefined {
  if (text === undefined) return undefined;
  try {
    return read(JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

/** Reads a list of objects with what reads one of them. @throws TypeError when it is no such list */
function listOf<T, R>(read: (item: T) => R): (list: T[]) => R[] {
  return (list) =>
    list.map((item) => {
      if (typeof item !== 'object') throw new TypeError('an object is expected');
      return read(item);
    });
}

function cpuTarget({ type, resource }: MetricSpec): number | undefined {
  return type === 'Resource' && resource?.name === 'cpu' ? resource.target.averageUtilization : undefined;
}

function cpuMetric(averageUtilization: number): MetricSpec {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}

// the order of fields is that of upstream's types, since the texts are compared

function oldSpec({ type, object, pods, resource, containerResource, external }: MetricSpec): OldMetric {
  const measured = (source: { name: string; target: MetricTarget }) => ({
    name: source.name,
    targetAverageUtilization: source.target.averageUtilization,
    targetAverageValue: source.target.averageValue,
  });
  return {
    type,
    ...(object && {
      object: {
        target: reference(object.describedObject),
        metricName: object.metric.name,
        targetValue: object.target.value ?? '0',
        selector: object.metric.selector,
        averageValue: object.target.averageValue,
      },
    }),
    ...(pods && {
      pods: { metricName: pods.metric.name, targetAverageValue: pods.target.averageValue ?? '0', selector: pods.metric.selector },
    }),
    ...(resource && { resource: measured(resource) }),
    ...(containerResource && { containerResource: { ...measured(containerResource), container: containerResource.container } }),
    ...(external && {
      external: {
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        targetValue: external.target.value,
        targetAverageValue: external.target.averageValue,
      },
    }),
  };
}

function newSpec({ type, object, pods, resource, containerResource, external }: OldMetric): MetricSpec {
  const metric = ({ metricName = '', selector, metricSelector }: OldSource) => ({ name: metricName, selector: selector ?? metricSelector });
  const measured = ({ name = '', targetAverageUtilization, targetAverageValue }: OldSource) => ({
    name,
    target: {
      type: targetAverageUtilization === undefined ? 'AverageValue' : 'Utilization',
      averageValue: targetAverageValue,
      averageUtilization: targetAverageUtilization,
    },
  });
  return {
    type,
    ...(object && {
      object: { describedObject: reference(object.target), metric: metric(object), target: objectTarget(object) },
    }),
    ...(pods && { pods: { metric: metric(pods), target: { type: 'AverageValue', averageValue: pods.targetAverageValue } } }),
    ...(resource && { resource: measured(resource) }),
    ...(containerResource && { containerResource: { ...measured(containerResource), container: containerResource.container ?? '' } }),
    ...(external && {
      external: {
        metric: metric(external),
        target: {
          type: external.targetValue === undefined ? 'AverageValue' : 'Value',
          value: external.targetValue,
          averageValue: external.targetAverageValue,
        },
      },
    }),
  };
}

/** v1 cannot leave targetValue out: beside an average, a zero means that there is none. */
function objectTarget({ averageValue, targetValue = '0' }: OldSource): MetricTarget {
  if (averageValue === undefined) return { type: 'Value', value: targetValue };
  return { type: 'AverageValue', value: isZero(targetValue) ? undefined : targetValue, averageValue };
}

function oldStatus({ type, object, pods, resource, containerResource, external }: MetricStatus): OldMetric {
  return {
    type,
    ...(object && {
      object: {
        target: reference(object.describedObject),
        metricName: object.metric.name,
        currentValue: object.current.value ?? '0',
        selector: object.metric.selector,
        averageValue: object.current.averageValue,
      },
    }),
    ...(pods && {
      pods: { metricName: pods.metric.name, currentAverageValue: pods.current.averageValue ?? '0', selector: pods.metric.selector },
    }),
    ...(resource && {
      resource: {
        name: resource.name,
        currentAverageUtilization: resource.current.averageUtilization,
        currentAverageValue: resource.current.averageValue ?? '0',
      },
    }),
    ...(containerResource && {
      containerResource: {
        name: containerResource.name,
        currentAverageUtilization: containerResource.current.averageUtilization,
        currentAverageValue: containerResource.current.averageValue ?? '0',
        container: containerResource.container,
      },
    }),
    ...(external && {
      external: {
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        currentValue: external.current.value ?? '0',
        currentAverageValue: external.current.averageValue,
      },
    }),
  };
}

function newStatus({ type, object, pods, resource, containerResource, external }: OldMetric): MetricStatus {
  const metric = ({ metricName = '', selector, metricSelector }: OldSource) => ({ name: metricName, selector: selector ?? metricSelector });
  const measured = ({ name = '', currentAverageUtilization, currentAverageValue }: OldSource) => ({
    name,
    current: { averageValue: shownAverage(currentAverageValue, currentAverageUtilization), averageUtilization: currentAverageUtilization },
  });
  return {
    type,
    ...(object && {
      object: {
        describedObject: reference(object.target),
        metric: metric(object),
        current: { value: object.currentValue, averageValue: object.averageValue },
      },
    }),
    ...(pods && { pods: { metric: metric(pods), current: { averageValue: pods.currentAverageValue } } }),
    ...(resource && { resource: measured(resource) }),
    ...(containerResource && { containerResource: { ...measured(containerResource), container: containerResource.container ?? '' } }),
    ...(external && {
      external: { metric: metric(external), current: { value: external.currentValue, averageValue: external.currentAverageValue } },
    }),
  };
}

/** v1 cannot leave the average out: beside a utilization, a zero means that there is none. */
function shownAverage(average: string | undefined, utilization: number | undefined): string | undefined {
  return utilization !== undefined && average !== undefined && isZero(average) ? undefined : average;
}

function reference(target: CrossVersionObjectReference | undefined): CrossVersionObjectReference {
  return { kind: target?.kind ?? '', name: target?.name ?? '', apiVersion: target?.apiVersion || undefined };
}

function oldCondition({ type, status, lastTransitionTime, reason, message }: HorizontalPodAutoscalerCondition): unknown {
  return { type, status, lastTransitionTime: lastTransitionTime ?? null, reason: reason || undefined, message: message || undefined };
}

/** Upstream writes its internal types here, whose fields have no names in JSON: they are capitalized. */
interface Capitalized {
  readonly ScaleUp?: CapitalizedRules | null;
  readonly ScaleDown?: CapitalizedRules | null;
}

interface CapitalizedRules {
  readonly StabilizationWindowSeconds: number | null;
  readonly SelectPolicy: string | null;
  readonly Policies: readonly { readonly Type: string; readonly Value: number; readonly PeriodSeconds: number }[] | null;
  readonly Tolerance: string | null;
}

function oldBehavior({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): Capitalized {
  const rules = (from: HPAScalingRules | undefined): CapitalizedRules | null =>
    from
      ? {
          StabilizationWindowSeconds: from.stabilizationWindowSeconds ?? null,
          SelectPolicy: from.selectPolicy ?? null,
          Policies:
            from.policies?.map(({ type, value, periodSeconds }) => ({ Type: type, Value: value, PeriodSeconds: periodSeconds })) ?? null,
          Tolerance: from.tolerance ?? null,
        }
      : null;
  return { ScaleUp: rules(scaleUp), ScaleDown: rules(scaleDown) };
}

function newBehavior(behavior: Capitalized | null): HorizontalPodAutoscalerBehavior | undefined {
  if (!behavior?.ScaleUp && !behavior?.ScaleDown) return undefined;
  const rules = (from: CapitalizedRules | null | undefined): HPAScalingRules | undefined =>
    from
      ? {
          stabilizationWindowSeconds: from.StabilizationWindowSeconds ?? undefined,
          selectPolicy: from.SelectPolicy ?? undefined,
          policies: from.Policies?.map((p): HPAScalingPolicy => ({ type: p.Type, value: p.Value, periodSeconds: p.PeriodSeconds })),
          tolerance: from.Tolerance ?? undefined,
        }
      : undefined;
  return { scaleUp: rules(behavior.ScaleUp), scaleDown: rules(behavior.ScaleDown) };
}
