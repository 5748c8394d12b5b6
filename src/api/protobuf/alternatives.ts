// Types of CustomResourceDefinitions that are one of two things in JSON, and an object with a field for each on the wire.
// Their fields and what Go writes as JSON: apiextensions v1, JSONSchemaPropsOr….
import { isObject } from '../../util/json.js';

type Values = Readonly<Record<string, unknown>>;

/** Between the JSON form of a value and the fields that its message has on the wire. */
export interface Alternatives {
  toFields(value: unknown): Values;
  fromFields(fields: Values): unknown;
}

/** A schema, or a list that the field `list` holds. */
function orList(list: string): Alternatives {
  return {
    toFields: (value) => (isObject(value) ? { schema: value } : { [list]: value }),
    fromFields: (fields) => fields[list] ?? fields['schema'] ?? null,
  };
}

const V1 = 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.';
const ALTERNATIVES: Readonly<Record<string, Alternatives>> = {
  [`${V1}JSONSchemaPropsOrArray`]: orList('jSONSchemas'),
  [`${V1}JSONSchemaPropsOrStringArray`]: orList('property'),
  // a schema allows what it describes
  [`${V1}JSONSchemaPropsOrBool`]: {
    toFields: (value) => (isObject(value) ? { allows: true, schema: value } : { allows: value }),
    fromFields: ({ allows, schema }) => schema ?? allows === true,
  },
};

/** The alternatives that a message stands for; undefined for all others. */
export function alternativesOf(message: string): Alternatives | undefined {
  return ALTERNATIVES[message];
}
