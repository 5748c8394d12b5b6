import { randomUUID } from 'node:crypto';
import { define } from '../definition.js';
import { validateQualifiedName } from '../meta/checks.js';
import { at, duplicate, type FieldError, type FieldPath, forbidden, invalid, required } from '../meta/field-errors.js';
import * as quantity from '../meta/quantity.js';
import { roundQuantities } from '../shared/pod/defaults.js';
import { isOvercommitAllowed, validateContainerResourceName, validateResourceName } from '../shared/resource-names.js';
import type { LimitRange, LimitRangeItem } from '../types/core-v1.gen.js';

type Amounts = Readonly<Record<string, string>>;

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim'];
/** Above this, ratios are computed in whole units (resource.MaxMilliValue). */
const MAX_MILLI_VALUE = Math.floor((2 ** 63 - 1) / 1000);

export default define<LimitRange>({
  group: '',
  version: 'v1',
  resource: 'limitranges',
  ownMetadataChecks: { change: false },
  createOnUpdate: true,
  defaults: ({ spec }) => {
    for (const item of spec.limits ?? []) {
      if (item.type === 'Container') setContainerDefaults(item);
      for (const amounts of [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio]) roundQuantities(amounts);
    }
  },
  prepareCreate: ({ metadata }) => {
    metadata.name ||= randomUUID();
  },
  validate,
});

/** A limit defaults to the maximum, a request to the limit, then to the minimum. */
function setContainerDefaults(item: LimitRangeItem): void {
  const limits = { ...item.max, ...item.default };
  item.default = limits;
  item.defaultRequest = { ...item.min, ...limits, ...item.defaultRequest };
}

function validate({ spec }: LimitRange): FieldError[] {
  const types = new Set<string>();
  return (spec.limits ?? []).flatMap((item, i) => {
    const path = at('spec', 'limits').index(i);
    const errors = validateType(item.type, path.child('type'));
    if (types.has(item.type)) errors.push(duplicate(path.child('type'), item.type));
    types.add(item.type);
    return [...errors, ...validateItem(item, path)];
  });
}

function validateType(type: string, path: FieldPath): FieldError[] {
  const errors = validateQualifiedName(type, path);
  if (errors.length === 0 && !type.includes('/') && !TYPES.includes(type))
    errors.push(invalid(path, type, 'must be a standard limit type or fully qualified'));
  return errors;
}

function validateItem(item: LimitRangeItem, path: FieldPath): FieldError[] {
  const { type, min = {}, max = {}, maxLimitRequestRatio: ratios = {} } = item;
  const isPod = type === 'Pod';
  const limits = (!isPod && item.default) || {};
  const requests = (!isPod && item.defaultRequest) || {};
  const nameRule = isPod || type === 'Container' ? validateContainerResourceName : validateResourceName;
  const names = (amounts: Amounts, field: string) => Object.keys(amounts).flatMap((name) => nameRule(name, path.child(field).key(name)));
  const errors = [...names(max, 'max'), ...names(min, 'min')];
  if (isPod) {
    for (const field of ['default', 'defaultRequest'] as const)
      if (Object.keys(item[field] ?? {}).length > 0) errors.push(forbidden(path.child(field), "may not be specified when `type` is 'Pod'"));
  } else errors.push(...names(limits, 'default'), ...names(requests, 'defaultRequest'));
  if (type === 'PersistentVolumeClaim' && min.storage === undefined && max.storage === undefined)
    errors.push(required(path.child('limits'), 'either minimum or maximum storage value is required, but neither was provided'));
  errors.push(...names(ratios, 'maxLimitRequestRatio'));
  for (const name of new Set([max, min, limits, requests, ratios].flatMap(Object.keys))) {
    // names may be those of members of every object
    const of = (amounts: Amounts) => (Object.hasOwn(amounts, name) ? amounts[name] : undefined);
    errors.push(
      ...validateOrder(name, { min: of(min), max: of(max), limit: of(limits), request: of(requests) }, path),
      ...validateRatio(name, { min: of(min), max: of(max), ratio: of(ratios) }, path),
    );
  }
  return errors;
}

interface Bounds {
  readonly min: string | undefined;
  readonly max: string | undefined;
}

/** min <= default request <= default limit <= max */
function validateOrder(
  name: string,
  { min, max, limit, request }: Bounds & { limit: string | undefined; request: string | undefined },
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const order = (low: string | undefined, high: string | undefined, field: string, shown: string | undefined, text: string) => {
    if (low !== undefined && high !== undefined && quantity.compare(low, high) > 0)
      errors.push(invalid(path.child(field).key(name), shown, text));
  };
  order(min, max, 'min', min, `min value ${min} is greater than max value ${max}`);
  order(min, request, 'defaultRequest', request, `min value ${min} is greater than default request value ${request}`);
  order(request, max, 'defaultRequest', request, `default request value ${request} is greater than max value ${max}`);
  order(request, limit, 'defaultRequest', request, `default request value ${request} is greater than default limit value ${limit}`);
  order(min, limit, 'default', min, `min value ${min} is greater than default value ${limit}`);
  order(limit, max, 'default', max, `default value ${limit} is greater than max value ${max}`);
  if (!isOvercommitAllowed(name) && limit !== undefined && request !== undefined && quantity.compare(limit, request) !== 0)
    errors.push(
      invalid(
        path.child('defaultRequest').key(name),
        request,
        `default value ${limit} must equal to defaultRequest value ${request} in ${name}`,
      ),
    );
  return errors;
}

function validateRatio(name: string, { min, max, ratio }: Bounds & { ratio: string | undefined }, path: FieldPath): FieldError[] {
  if (ratio === undefined) return [];
  const own = path.child('maxLimitRequestRatio').key(name);
  const errors: FieldError[] = [];
  if (quantity.compare(ratio, '1') < 0) errors.push(invalid(own, ratio, `ratio ${ratio} is less than 1`));
  if (min === undefined || max === undefined) return errors;
  const fine = [ratio, min, max].every((amount) => quantity.value(amount) < MAX_MILLI_VALUE);
  const wanted = fine ? quantity.milliValue(ratio) / 1000 : quantity.value(ratio);
  const possible = fine ? quantity.milliValue(max) / quantity.milliValue(min) : quantity.value(max) / quantity.value(min);
  if (wanted > possible) errors.push(invalid(own, ratio, `ratio ${ratio} is greater than max/min = ${possible.toFixed(6)}`));
  return errors;
}
