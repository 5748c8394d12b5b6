import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from '../types/autoscaling-v2.gen.js';
import { age } from './format.js';

const MAX_METRICS = 2;

/** Cells of the table both versions of HorizontalPodAutoscaler show. */
export function autoscalerRow(autoscaler: HorizontalPodAutoscaler, { now }: { now: number }): unknown[] {
  const { metadata, spec, status } = autoscaler;
  const { kind, name } = spec.scaleTargetRef;
  return [
    metadata.name,
    `${kind}/${name}`,
    formatMetrics(spec.metrics ?? [], status.currentMetrics ?? []),
    spec.minReplicas === undefined ? '<unset>' : String(spec.minReplicas),
    spec.maxReplicas,
    status.currentReplicas ?? 0,
    age(autoscaler, now),
  ];
}

function formatMetrics(specs: readonly MetricSpec[], statuses: readonly MetricStatus[]): string {
  if (specs.length === 0) return '<none>';
  const shown = specs.slice(0, MAX_METRICS).map((spec, i) => formatMetric(spec, statuses[i]));
  const rest = specs.length - MAX_METRICS;
  return rest > 0 ? `${shown.join(', ')} + ${rest} more...` : shown.join(', ');
}

function formatMetric({ type, external, pods, object, resource, containerResource }: MetricSpec, status: MetricStatus | undefined): string {
  switch (type) {
    case 'External':
      return external ? valueText(external.target, status?.external?.current) : '';
    case 'Object':
      return object ? valueText(object.target, status?.object?.current) : '';
    case 'Pods':
      return `${known(status?.pods?.current, 'averageValue')}/${pods?.target.averageValue ?? '0'}`;
    case 'Resource':
      return resource ? `${resource.name}: ${resourceText(resource.target, status?.resource?.current)}` : '';
    case 'ContainerResource':
      return containerResource
        ? `${containerResource.name}: ${resourceText(containerResource.target, status?.containerResource?.current)}`
        : '';
    default:
      return '<unknown type>';
  }
}

function known(current: MetricValueStatus | undefined, field: 'value' | 'averageValue'): string {
  return current ? (current[field] ?? '0') : '<unknown>';
}

function valueText({ averageValue, value }: MetricTarget, current: MetricValueStatus | undefined): string {
  if (averageValue !== undefined) return `${current?.averageValue ?? '<unknown>'}/${averageValue} (avg)`;
  return `${known(current, 'value')}/${value ?? '0'}`;
}

function resourceText({ averageValue, averageUtilization }: MetricTarget, current: MetricValueStatus | undefined): string {
  if (averageValue !== undefined) return `${known(current, 'averageValue')}/${averageValue}`;
  const used = current?.averageUtilization;
  return `${used === undefined ? '<unknown>' : `${used}%`}/${averageUtilization === undefined ? '<auto>' : `${averageUtilization}%`}`;
}
