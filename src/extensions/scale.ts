// The scale subresource of custom resources: their definition says where the numbers stand.
import type { Subresource, Table } from '../api/definition.js';
import { ApiError, badRequest, internalError } from '../api/meta/errors.js';
import { type FieldError, invalid } from '../api/meta/field-errors.js';
import type { KubeObject } from '../api/meta/object.js';
import { checkUid, SCALE_TABLE, scaleView } from '../api/shared/scale.js';
import type { Scale } from '../api/types/autoscaling-v1.gen.js';
import type { CustomResourceSubresourceScale } from '../api/types/apiextensions-v1.gen.js';
import { isObject, setOwn } from '../util/json.js';
import { goString } from '../util/go-format.js';

const MAX = 2147483647;
/** Stands for no number. */
const UNSET = -2147483648;

function stepsOf(path: string): string[] {
  return path.replace(/^\./, '').split('.');
}

/** Why a value cannot be read, in the words of apimachinery's unstructured helpers. */
class WrongType extends Error {}

/** @returns undefined when something on the way is missing @throws WrongType */
function valueAt(object: unknown, path: string): unknown {
  const steps = stepsOf(path);
  let at = object;
  for (const [i, step] of steps.entries()) {
    if (at === null || at === undefined) return undefined;
    if (!isObject(at))
      throw new WrongType(
        `${steps
          .slice(0, i + 1)
          .map((s) => `.${s}`)
          .join('')} accessor error: ${goString(at)} is of the type ${goType(at)}, expected map[string]interface{}`,
      );
    at = Object.hasOwn(at, step) ? at[step] : undefined;
  }
  return at;
}

/** @throws WrongType */
function numberAt(object: unknown, path: string): number | undefined {
  const value = valueAt(object, path);
  if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
  if (typeof value === 'bigint') return Number(value);
  throw accessorError(path, value, 'int64');
}

/** @throws WrongType */
function textAt(object: unknown, path: string): string {
  const value = valueAt(object, path);
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  throw accessorError(path, value, 'string');
}

function accessorError(path: string, value: unknown, wanted: string): WrongType {
  return new WrongType(
    `.${stepsOf(path).join('.')} accessor error: ${goString(value)} is of the type ${goType(value)}, expected ${wanted}`,
  );
}

function goType(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'bigint') return 'int64';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** Cells are found by paths in what is shown, where no replicas do not stand. */
const row: Table['row'] = (object, context) => {
  const [name, wanted, ...rest] = SCALE_TABLE.row?.(object, context) ?? [];
  return [name, wanted || null, ...rest];
};

/** Other columns than those of built-in workloads. */
const COLUMNS: Table['columns'] = [
  { name: 'Name', type: 'string', format: 'name', priority: 0 },
  { name: 'Desired', type: 'integer', format: '', description: 'Number of desired replicas', priority: 0 },
  { name: 'Available', type: 'integer', format: '', description: 'Number of actual replicas', priority: 0 },
  { name: 'Age', type: 'date', format: '', priority: 0 },
];

/** The subresource of a resource with a scale. */
export function scaleOf(
  resource: { readonly group: string; readonly resource: string },
  { specReplicasPath, statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale,
): Partial<Subresource> {
  const want = (object: KubeObject, replicas: number): void => setAt(object, specReplicasPath, replicas);
  const view = scaleView<KubeObject>(
    resource,
    {
      wanted: (object) => reading(() => numberAt(object, specReplicasPath) ?? 0),
      want,
      present: (object) => reading(() => numberAt(object, statusReplicasPath) ?? 0),
      selector: (object) => reading(() => (labelSelectorPath ? textAt(object, labelSelectorPath) : '')),
    },
    stepsOf(specReplicasPath).join('.'),
  );
  return {
    ...view,
    table: { columns: COLUMNS, row },
    read(object, context) {
      if (reading(() => numberAt(object, specReplicasPath)) === undefined)
        throw internalError(`the spec replicas field ${JSON.stringify(specReplicasPath)} does not exist`);
      return view.read?.(object, context) as KubeObject;
    },
    // a patch may say for the first time how many are wanted
    base(object, context) {
      const scale = view.read?.(object, context) as Scale;
      return reading(() => numberAt(object, specReplicasPath)) === undefined ? { ...scale, spec: { replicas: UNSET } } : scale;
    },
    // the numbers are checked where they stand in the object
    write(object, input) {
      const scale = input as Scale;
      if (scale.spec?.replicas === UNSET) throw badRequest(`the spec replicas field ${JSON.stringify(specReplicasPath)} cannot be empty`);
      checkUid(resource, object, scale);
      want(object, scale.spec?.replicas ?? 0);
      object.metadata.resourceVersion = scale.metadata.resourceVersion || object.metadata.resourceVersion;
    },
  };
}

/** @throws ApiError: upstream does not classify this one */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (e) {
    if (e instanceof WrongType) throw new ApiError({ code: 500, message: e.message });
    throw e;
  }
}

function setAt(object: KubeObject, path: string, value: number): void {
  const steps = stepsOf(path);
  const last = steps.pop() as string;
  let at = object as unknown as Record<string, unknown>;
  for (const step of steps) {
    if (!isObject(at[step])) setOwn(at, step, {});
    at = at[step] as Record<string, unknown>;
  }
  setOwn(at, last, value);
}

/** @returns what is wrong with the numbers an object keeps for its scale; `part`: which of them are looked at */
export function validateScale(object: KubeObject, scale: CustomResourceSubresourceScale | undefined, part: 'all' | 'status'): FieldError[] {
  if (!scale) return [];
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  const numbers = part === 'all' ? [specReplicasPath, statusReplicasPath] : [statusReplicasPath];
  return [
    ...numbers.flatMap((path) => checked(path, 0, () => validateNumber(numberAt(object, path) ?? 0, path))),
    ...(labelSelectorPath ? checked(labelSelectorPath, '', () => (textAt(object, labelSelectorPath), [])) : []),
  ];
}

function checked(path: string, zero: unknown, check: () => FieldError[]): FieldError[] {
  try {
    return check();
  } catch (e) {
    if (e instanceof WrongType) return [invalid(path, zero, e.message)];
    throw e;
  }
}

function validateNumber(value: number, path: string): FieldError[] {
  if (value < 0) return [invalid(path, value, 'should be a non-negative integer')];
  return value > MAX ? [invalid(path, value, `should be less than or equal to ${MAX}`)] : [];
}
