// Two definitions to talk about: of a namespaced resource of several versions whose schema has a field of every sort, and of an open
// one of the cluster; and valid objects of both.
import type { Fields } from './seeds.js';

/** A CustomResourceDefinition. */
export interface Definition extends Fields {
  readonly spec: { readonly scope: string; readonly names: Names; readonly versions: readonly Version[]; readonly group: string };
}

export interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly schema: { readonly openAPIV3Schema: Fields };
  readonly subresources?: Fields;
  readonly [more: string]: unknown;
}

interface Names {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
}

export const GROUP = 'differential.example.com';
const TEXT = { type: 'string' };
const NUMBER = { type: 'integer' };
const FORMATS = [
  'bsonobjectid',
  'byte',
  'cidr',
  'creditcard',
  'date',
  'date-time',
  'datetime',
  'duration',
  'email',
  'hexcolor',
  'hostname',
  'ipv4',
  'ipv6',
  'isbn',
  'isbn10',
  'isbn13',
  'k8s-long-name',
  'k8s-short-name',
  'mac',
  'password',
  'rgbcolor',
  'ssn',
  'unknown',
  'uri',
  'uuid',
  'uuid3',
  'uuid4',
  'uuid5',
]; // prettier-ignore

/** A field of every sort that a structural schema knows. */
const SPEC = {
  type: 'object',
  required: ['size'],
  properties: {
    size: { type: 'integer', format: 'int32', minimum: 0, maximum: 10 },
    text: { type: 'string', minLength: 1, maxLength: 10, pattern: '^[a-z0-9-]*$' },
    choice: { type: 'string', enum: ['a', 'b', 'c d'], default: 'a' },
    level: { type: 'integer', enum: [1, 2, 3] },
    step: { type: 'integer', format: 'int64', exclusiveMinimum: true, minimum: 0, multipleOf: 5, default: 5 },
    ratio: { type: 'number', format: 'double', exclusiveMaximum: true, maximum: 2, minimum: -1 },
    flag: { type: 'boolean', default: true },
    share: { 'x-kubernetes-int-or-string': true },
    percent: { anyOf: [{ type: 'integer' }, { type: 'string' }], pattern: '^[0-9]+%$', 'x-kubernetes-int-or-string': true },
    formats: { type: 'object', properties: Object.fromEntries(FORMATS.map((format) => [format, { type: 'string', format }])) },
    nothing: { type: 'string', nullable: true },
    nothingByDefault: { type: 'object', nullable: true, default: { a: 1 }, properties: { a: NUMBER, b: { ...TEXT, default: 'b' } } },
    open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { known: { ...NUMBER, default: 3 } } },
    anything: { 'x-kubernetes-preserve-unknown-fields': true },
    embedded: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
    embeddedClosed: {
      type: 'object',
      'x-kubernetes-embedded-resource': true,
      properties: { spec: { type: 'object', properties: { n: NUMBER } } },
    },
    list: { type: 'array', minItems: 1, maxItems: 3, items: { ...TEXT, maxLength: 5 } },
    set: { type: 'array', 'x-kubernetes-list-type': 'set', items: TEXT },
    atomic: { type: 'array', 'x-kubernetes-list-type': 'atomic', items: { type: 'object', properties: { a: NUMBER } } },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
      items: {
        type: 'object',
        required: ['port'],
        properties: { port: NUMBER, protocol: { ...TEXT, default: 'TCP' }, note: TEXT, tags: { type: 'array', items: TEXT } },
      },
    },
    matrix: { type: 'array', items: { type: 'array', items: NUMBER } },
    labels: { type: 'object', minProperties: 1, maxProperties: 2, additionalProperties: { ...TEXT, minLength: 1 } },
    parts: { type: 'object', additionalProperties: { type: 'object', properties: { a: NUMBER, b: { ...TEXT, default: 'b' } } } },
    whole: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: NUMBER, b: TEXT } },
    one: {
      type: 'object',
      properties: { a: NUMBER, b: NUMBER, c: NUMBER },
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
      not: { properties: { c: { maximum: 5 } }, required: ['c'] },
    },
    more: {
      type: 'object',
      properties: { a: NUMBER, b: TEXT },
      allOf: [{ properties: { a: { minimum: 1 } } }, { required: ['b'] }],
      anyOf: [{ properties: { a: { maximum: 3 } } }, { properties: { b: { enum: ['x'] } } }],
    },
  },
}; // prettier-ignore

const STATUS = {
  type: 'object',
  properties: {
    size: NUMBER,
    selector: TEXT,
    phase: { type: 'string', enum: ['Pending', 'Running'], default: 'Pending' },
    seen: { type: 'string', format: 'date-time' },
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: { type: 'object', required: ['type', 'status'], properties: { type: TEXT, status: TEXT, reason: TEXT } },
    },
  },
};
const COLUMNS = [
  { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
  { name: 'Text', type: 'string', description: 'What it says.', jsonPath: '.spec.text' },
  { name: 'Flag', type: 'boolean', jsonPath: '.spec.flag', priority: 1 },
  { name: 'Ratio', type: 'number', format: 'double', jsonPath: '.spec.ratio' },
  { name: 'Ports', type: 'string', jsonPath: '.spec.ports[*].port' },
  { name: 'First', type: 'string', jsonPath: '.spec.list[0]' },
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Whole', type: 'string', jsonPath: '.spec.whole' },
  { name: 'Seen', type: 'date', jsonPath: '.status.seen' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
]; // prettier-ignore
const SCALE = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size', labelSelectorPath: '.status.selector' };

const { size, text, ports, open, nothing } = SPEC.properties;
const BETA_FIELDS = { size, text, ports, open, nothing, old: { ...TEXT, default: 'o' } };

export const WIDGETS = definition('Widget', 'Namespaced', [
  {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: 'object', required: ['spec'], properties: { spec: SPEC, status: STATUS } } },
    subresources: { status: {}, scale: SCALE },
    additionalPrinterColumns: COLUMNS,
    selectableFields: [{ jsonPath: '.spec.text' }, { jsonPath: '.spec.choice' }],
  },
  {
    name: 'v1beta1',
    served: true,
    storage: false,
    deprecated: true,
    deprecationWarning: 'widgets of v1beta1 are old',
    // what v1 does not know is dropped on the way, what v1beta1 does not know is not shown
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: {
            type: 'object',
            properties: BETA_FIELDS,
          },
          status: { ...STATUS, 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
    subresources: { status: {} },
  },
  { name: 'v1alpha1', served: false, storage: false, schema: { openAPIV3Schema: { type: 'object' } } },
]);
export const GADGETS = definition('Gadget', 'Cluster', [
  {
    name: 'v1',
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: {
          metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 40 } } },
          spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
  },
]);

export const WIDGET_SEEDS: readonly Fields[] = [
  { metadata: { name: 'small' }, spec: { size: 1 } },
  {
    metadata: { name: 'lists', labels: { a: 'b' } },
    spec: {
      size: 2,
      text: 'text-2',
      choice: 'c d',
      level: 2,
      ports: [
        { port: 80, note: 'web', tags: ['x', 'y'] },
        { port: 53, protocol: 'UDP' },
      ],
      list: ['a', 'b'],
      set: ['a', 'b'],
      atomic: [{ a: 1 }, { a: 1 }],
      matrix: [[1, 2], [3]],
      share: '5%',
      percent: 7,
      nothing: null,
      one: { a: 1, c: 6 },
      more: { a: 2, b: 'y' },
    },
  },
  {
    metadata: { name: 'maps', annotations: { c: 'd' }, finalizers: ['differential.example.com/stay'] },
    spec: {
      size: 0,
      step: 10,
      ratio: 0.5,
      flag: false,
      share: 4,
      percent: '20%',
      nothing: 'some',
      nothingByDefault: { a: 2 },
      open: { more: { a: [1, 'x'] } },
      anything: { a: { b: 1 } },
      labels: { a: 'b' },
      parts: { p: { a: 1 }, q: {} },
      whole: { a: 1, b: 'x' },
      embedded: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'in', labels: { a: 'b' } }, data: { a: 'b' } },
      embeddedClosed: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { generateName: 'in-' }, spec: { n: 1 } },
      formats: { date: '2020-01-02', ipv4: '10.0.0.1', byte: 'eA==', 'date-time': '2020-01-02T03:04:05Z', duration: '5s' },
    },
  },
];
export const BETA_SEEDS: readonly Fields[] = [
  { metadata: { name: 'small' }, spec: { size: 1 } },
  {
    metadata: { name: 'large', labels: { a: 'b' }, finalizers: ['differential.example.com/stay'] },
    spec: { size: 3, text: 'large', ports: [{ port: 80, note: 'web' }], open: { more: 1 }, nothing: null, old: 'x' },
  },
];
export const WIDGET_STATUS: Fields = {
  size: 1,
  selector: 'a=b',
  phase: 'Running',
  seen: '2020-01-02T03:04:05Z',
  conditions: [{ type: 'Ready', status: 'True', reason: 'Made' }],
};
export const GADGET_SEEDS: readonly Fields[] = [
  { metadata: { name: 'plain' } },
  { metadata: { name: 'open' }, spec: { a: { b: [1, 1.5, 'x', null, true] } }, other: 1 },
];

function definition(kind: string, scope: string, versions: readonly Version[]): Definition {
  const singular = kind.toLowerCase();
  const names = { plural: `${singular}s`, singular, kind, shortNames: [`${singular[0]}dg`] };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${GROUP}` },
    spec: { group: GROUP, scope, names, versions },
  };
}
