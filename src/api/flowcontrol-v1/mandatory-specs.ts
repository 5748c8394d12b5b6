import { isDeepStrictEqual } from 'node:util';
import { fact } from '../facts.js';
import { at, type FieldError, duplicate, required } from '../meta/field-errors.js';

const BASE = '/apis/flowcontrol.apiserver.k8s.io/v1/';
const MANDATORY = ['exempt', 'catch-all'];

/** The fixed spec of an object every API server has, by its name. */
export function mandatorySpec<Spec>(resource: string, name: string): Spec | undefined {
  if (!MANDATORY.includes(name)) return undefined;
  const objects = fact<Record<string, { metadata: { name: string }; spec: Spec }[]>>('bootstrap-objects')[BASE + resource];
  return objects?.find((o) => o.metadata.name === name)?.spec;
}

/** Whether two specs say the same: a field that is empty is one that is absent. */
export function sameSpec(a: object, b: object): boolean {
  return isDeepStrictEqual(said(a), said(b));
}

function said(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, v) =>
      v === null || v === '' || v === false || (Array.isArray(v) && v.length === 0) ? undefined : (v as unknown),
    ),
  );
}

/** What is wrong with the conditions of a status: each has a type of its own. */
export function validateConditions({ conditions }: { conditions?: { type?: string | undefined }[] | undefined }): FieldError[] {
  const path = at('status', 'conditions');
  const seen = new Set<string>();
  return (conditions ?? []).flatMap(({ type = '' }, i) => {
    const field = path.index(i).child('type');
    const errors = [...(seen.has(type) ? [duplicate(field, type)] : []), ...(type === '' ? [required(field)] : [])];
    seen.add(type);
    return errors;
  });
}
