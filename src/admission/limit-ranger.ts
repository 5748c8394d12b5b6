// LimitRanges give containers default requests and limits, and bound what pods and claims may ask for.
// https://kubernetes.io/docs/concepts/policy/limit-range/
import { compare, isZero, milliValue } from '../api/meta/quantity.js';
import { limitranges } from '../api/meta/resources.gen.js';
import { aggregate, type Quantities } from '../api/shared/pod/resources.js';
import type { Container, LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '../api/types/core-v1.gen.js';
import type { AdmissionAttributes } from '../api/admission.js';
import { forbidden, isCore, podOf, type Step } from './step.js';

const ANNOTATION = 'kubernetes.io/limit-ranger';

export const limitRanger: Step = {
  name: 'LimitRanger',
  onByDefault: true,
  handles: (attributes) =>
    isCore(attributes, 'pods') || isCore(attributes, 'persistentvolumeclaims', ['CREATE', 'UPDATE']) || isResize(attributes),
  mutate(attributes) {
    if (attributes.definition.resource !== 'pods' || isDeleting(attributes)) return;
    for (const range of rangesFor(attributes)) setDefaults(podOf(attributes), range);
  },
  validate(attributes) {
    if (isDeleting(attributes)) return;
    for (const range of rangesFor(attributes)) {
      const wrong =
        attributes.definition.resource === 'pods'
          ? podProblems(podOf(attributes), range)
          : claimProblems(attributes.object as PersistentVolumeClaim, range);
      if (wrong.length > 0) throw forbidden(attributes, joined(wrong));
    }
  },
};

function isResize({ definition, subresource, operation }: AdmissionAttributes): boolean {
  return definition.group === '' && definition.resource === 'pods' && subresource === 'resize' && operation === 'UPDATE';
}

/** What goes anyway is not held up. */
function isDeleting({ old }: AdmissionAttributes): boolean {
  return old?.metadata.deletionTimestamp !== undefined;
}

function rangesFor({ namespace, context }: AdmissionAttributes): readonly LimitRange[] {
  return context.services.reader.list(limitranges, namespace);
}

function joined(messages: readonly string[]): string {
  const unique = [...new Set(messages)];
  return unique.length === 1 ? (unique[0] as string) : `[${unique.join(', ')}]`;
}

function setDefaults(pod: Pod, range: LimitRange): void {
  const requests: Quantities = {};
  const limits: Quantities = {};
  for (const item of itemsOf(range, 'Container')) {
    Object.assign(requests, item.defaultRequest);
    Object.assign(limits, item.default);
  }
  const told = [
    ...(pod.spec.containers ?? []).flatMap((c) => setContainer(c, 'container', requests, limits)),
    ...(pod.spec.initContainers ?? []).flatMap((c) => setContainer(c, 'init container', requests, limits)),
  ];
  if (told.length > 0) (pod.metadata.annotations ??= {})[ANNOTATION] = `LimitRanger plugin set: ${told.join('; ')}`;
}

function setContainer(container: Container, what: string, requests: Quantities, limits: Quantities): string[] {
  const resources = (container.resources ??= {});
  const fill = (side: 'requests' | 'limits', defaults: Quantities) => {
    const missing = Object.keys(defaults).filter((name) => resources[side]?.[name] === undefined);
    for (const name of missing) (resources[side] ??= {})[name] = defaults[name] as string;
    return missing.sort().join(', ');
  };
  const setRequests = fill('requests', requests);
  const setLimits = fill('limits', limits);
  return [
    ...(setRequests ? [`${setRequests} request for ${what} ${container.name}`] : []),
    ...(setLimits ? [`${setLimits} limit for ${what} ${container.name}`] : []),
  ];
}

function itemsOf({ spec }: LimitRange, type: string): readonly LimitRangeItem[] {
  return (spec?.limits ?? []).filter((item) => item.type === type);
}

interface Asked {
  readonly requests: Quantities;
  readonly limits: Quantities;
}

function podProblems({ spec }: Pod, range: LimitRange): string[] {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const whole = { requests: aggregate(spec, 'requests'), limits: aggregate(spec, 'limits') };
  return (range.spec?.limits ?? []).flatMap((item) => {
    if (item.type === 'Pod') return problems(item, whole);
    if (item.type !== 'Container') return [];
    return containers.flatMap(({ resources }) => problems(item, { requests: resources?.requests ?? {}, limits: resources?.limits ?? {} }));
  });
}

function claimProblems({ spec }: PersistentVolumeClaim, range: LimitRange): string[] {
  const requests = spec?.resources?.requests ?? {};
  return itemsOf(range, 'PersistentVolumeClaim').flatMap(({ type, min = {}, max = {} }) => [
    ...each(min, (name, bound) => belowMinimum(type, name, bound, { requests, limits: {} })),
    ...each(max, (name, bound) => {
      const start = `maximum ${name} usage per ${type} is ${bound}`;
      const request = requests[name];
      if (request === undefined) return `${start}.  No request is specified`;
      return compare(request, bound) > 0 ? `${start}, but request is ${request}` : undefined;
    }),
  ]);
}

function problems({ type, min = {}, max = {}, maxLimitRequestRatio = {} }: LimitRangeItem, asked: Asked): string[] {
  return [
    ...each(min, (name, bound) => belowMinimum(type, name, bound, asked)),
    ...each(max, (name, bound) => aboveMaximum(type, name, bound, asked)),
    ...each(maxLimitRequestRatio, (name, bound) => beyondRatio(type, name, bound, asked)),
  ];
}

function each(bounds: Quantities, check: (name: string, bound: string) => string | undefined): string[] {
  return Object.entries(bounds).flatMap(([name, bound]) => check(name, bound) ?? []);
}

function belowMinimum(type: string, name: string, bound: string, { requests, limits }: Asked): string | undefined {
  const start = `minimum ${name} usage per ${type} is ${bound}`;
  const request = requests[name];
  const limit = limits[name];
  if (request === undefined) return `${start}.  No request is specified`;
  if (compare(request, bound) < 0) return `${start}, but request is ${request}`;
  return limit !== undefined && compare(limit, bound) < 0 ? `${start}, but limit is ${limit}` : undefined;
}

function aboveMaximum(type: string, name: string, bound: string, { requests, limits }: Asked): string | undefined {
  const start = `maximum ${name} usage per ${type} is ${bound}`;
  const request = requests[name];
  const limit = limits[name];
  if (limit === undefined) return `${start}.  No limit is specified`;
  if (compare(limit, bound) > 0) return `${start}, but limit is ${limit}`;
  return request !== undefined && compare(request, bound) > 0 ? `${start}, but request is ${request}` : undefined;
}

function beyondRatio(type: string, name: string, bound: string, { requests, limits }: Asked): string | undefined {
  const start = `${name} max limit to request ratio per ${type} is ${bound}`;
  const request = requests[name];
  const limit = limits[name];
  if (request === undefined || isZero(request)) return `${start}, but no request is specified or request is 0`;
  if (limit === undefined || isZero(limit)) return `${start}, but no limit is specified or limit is 0`;
  const ratio = milliValue(limit) / milliValue(request);
  return ratio * 1000 > milliValue(bound) ? `${start}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}
