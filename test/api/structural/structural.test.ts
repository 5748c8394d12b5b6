import { expect } from 'chai';
import { at } from '../../../src/api/meta/field-errors.js';
import { applyDefaults } from '../../../src/api/structural/defaults.js';
import { validateDefaults } from '../../../src/api/structural/default-rules.js';
import { hasFormat } from '../../../src/api/structural/formats.js';
import { validateListTypes } from '../../../src/api/structural/list-types.js';
import { prune, pruneNulls } from '../../../src/api/structural/prune.js';
import { validateStructural } from '../../../src/api/structural/rules.js';
import type { Schema } from '../../../src/api/structural/schema.js';
import { validateValue } from '../../../src/api/structural/validate.js';

const object = (properties: Record<string, Schema>, rest: Schema = {}): Schema => ({ type: 'object', properties, ...rest });
const spec = (schema: Schema) => object({ spec: object({ f: schema }) });
const texts = (errors: readonly { field: string; message: string }[]) => errors.map((e) => `${e.field}: ${e.message}`);
const wrong = (schema: Schema, f: unknown, old?: unknown) =>
  texts(validateValue({ spec: { f } }, undefined, spec(schema), old === undefined ? undefined : { value: { spec: { f: old } } }));

describe('schemas of definitions', () => {
  it('drop what they do not declare, and tell its path', () => {
    const schema = object({ spec: object({ list: { type: 'array', items: object({ a: { type: 'string' } }) } }) });
    const value = { apiVersion: 'v1', kind: 'K', metadata: { any: 1 }, spec: { list: [{ a: 'x', b: 1 }], c: 2 }, more: {} };
    expect(prune(value, schema, true)).to.deep.equal(['more', 'spec.c', 'spec.list[0].b']);
    expect(value).to.deep.equal({ apiVersion: 'v1', kind: 'K', metadata: { any: 1 }, spec: { list: [{ a: 'x' }] } });
  });

  it('keep what is unknown where they say so, but prune what is declared beneath', () => {
    const schema = spec({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { known: object({}) } });
    const value = { spec: { f: { any: { x: 1 }, known: { x: 1 } } } };
    prune(value, schema, true);
    expect(value).to.deep.equal({ spec: { f: { any: { x: 1 }, known: {} } } });
  });

  it('fill in defaults in what is absent or null and may not be', () => {
    const schema = spec(
      object({ a: { type: 'integer', default: 1 }, b: { type: 'integer', default: 2, nullable: true }, c: { type: 'string' } }),
    );
    const value = { spec: { f: { a: null, b: null, c: null } } };
    pruneNulls(value, schema);
    expect(applyDefaults(value, schema)).to.equal(true);
    expect(value).to.deep.equal({ spec: { f: { a: 1, b: null } } });
    expect(applyDefaults(value, schema)).to.equal(false);
  });

  it('are structural only with types at every place and restrictions of declared places', () => {
    const errors = validateStructural(object({ spec: { anyOf: [{ properties: { x: { type: 'string' } } }] } }), at('s'));
    expect(texts(errors)).to.have.members([
      's.properties[spec].type: Required value: must not be empty for specified object fields',
      's.properties[spec].anyOf[0].properties[x].type: Forbidden: must be empty to be structural',
    ]);
    const incomplete = object({ spec: object({}, { allOf: [{ properties: { x: { minimum: 1 } } }] }) });
    expect(texts(validateStructural(incomplete, at('s')))).to.deep.equal([]);
    const root = { ...object({}), anyOf: [{ properties: { x: { minimum: 1 } } }] };
    expect(texts(validateStructural(root, at('s')))).to.deep.equal([
      's.properties[x]: Required value: because it is defined in s.anyOf[0].properties[x]',
    ]);
  });

  it('take any default for an integer or a text, as upstream does', () => {
    const union = { 'x-kubernetes-int-or-string': true };
    for (const value of [true, 5.5, [], {}] as const) {
      expect(validateDefaults(spec({ ...union, default: value }), at('s'), true)).to.deep.equal([]);
      expect(validateDefaults(spec({ ...object({ a: union }), default: { a: value } }), at('s'), true)).to.deep.equal([]);
    }
    expect(validateDefaults(spec({ ...union, maximum: 3, default: 5.5 }), at('s'), true)).to.have.length(1);
  });

  it('are refused with defaults that do not fit them', () => {
    expect(texts(validateDefaults(spec({ type: 'integer', default: 'x' }), at('s'), true))).to.deep.equal([
      's.properties[spec].properties[f].default: Invalid value: "string":  in body must be of type integer: "string"',
    ]);
    expect(texts(validateDefaults(spec({ ...object({}), default: { x: 1 } }), at('s'), true))).to.deep.equal([
      's.properties[spec].properties[f].default: Invalid value: {"x":1}: must not have unknown fields',
    ]);
  });
});

describe('values of custom resources', () => {
  it('takes a number for the integer in an enumeration that is left without its fraction', () => {
    expect(wrong({ type: 'number', enum: [5] }, 5.5)).to.deep.equal([]);
    expect(wrong({ type: 'number', enum: [5, 0.5] }, 0.7)).to.deep.equal(['spec.f: Unsupported value: 0.7: supported values: "5", "0.5"']);
  });

  it('are checked in the words of upstream', () => {
    expect(wrong({ type: 'integer' }, 'x')).to.deep.equal([
      'spec.f: Invalid value: "string": spec.f in body must be of type integer: "string"',
    ]);
    expect(wrong({ type: 'string', maxLength: 1 }, 'xx')).to.deep.equal(['spec.f: Too long: may not be more than 1 bytes']);
    expect(wrong({ type: 'string', pattern: '^a+$' }, 'b')).to.deep.equal([
      `spec.f: Invalid value: "b": spec.f in body should match '^a+$'`,
    ]);
    expect(wrong({ type: 'string', enum: ['a', 'b'] }, 'c')).to.deep.equal(['spec.f: Unsupported value: "c": supported values: "a", "b"']);
    expect(wrong({ type: 'number', maximum: 2, exclusiveMaximum: true }, 2)).to.deep.equal([
      'spec.f: Invalid value: 2: spec.f in body should be less than 2',
    ]);
    expect(wrong(object({}, { required: ['a'] }), {})).to.deep.equal(['spec.f.a: Required value']);
  });

  it('tell the alternative that came nearest', () => {
    const schema: Schema = { type: 'string', anyOf: [{ minLength: 5 }, { pattern: '^a' }] };
    expect(wrong(schema, 'b')).to.deep.equal([
      '<nil>: Invalid value: "": "spec.f" must validate at least one schema (anyOf)',
      'spec.f: Invalid value: "b": spec.f in body should be at least 5 chars long',
    ]);
  });

  it('may stay wrong where an update does not change them', () => {
    const schema = object({ a: { type: 'string', maxLength: 1 }, b: { type: 'string' } });
    expect(wrong(schema, { a: 'xx', b: 'new' }, { a: 'xx', b: 'old' })).to.deep.equal([]);
    expect(wrong(schema, { a: 'xxx', b: 'old' }, { a: 'xx', b: 'old' })).to.have.lengthOf(1);
  });

  it('occur once in sets and maps', () => {
    const set: Schema = { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } };
    const map: Schema = { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], items: object({}) };
    expect(texts(validateListTypes(['a', 'b', 'a'], at('f'), set))).to.deep.equal(['f[2]: Duplicate value: "a"']);
    expect(texts(validateListTypes([{ k: 'a' }, { k: 'a', x: 1 }], at('f'), map))).to.deep.equal(['f[1]: Duplicate value: {"k":"a"}']);
  });

  const FORMATS: Record<string, { good: string[]; bad: string[] }> = {
    date: { good: ['2024-02-29'], bad: ['2023-02-29', '2024-1-1'] },
    'date-time': { good: ['2024-01-01T10:00:00Z', '2024-01-01T10:00:00.5+01:00'], bad: ['2024-01-01', '2024-01-01T25:00:00Z'] },
    duration: { good: ['1h30m', '22 ns', '2 days'], bad: ['soon', '1x'] },
    ipv4: { good: ['10.0.0.1'], bad: ['10.0.0.256', '::1'] },
    ipv6: { good: ['::1'], bad: ['10.0.0.1'] },
    cidr: { good: ['10.0.0.0/8', 'fd00::/8'], bad: ['10.0.0.0/33', '10.0.0.0'] },
    mac: { good: ['00:00:5e:00:53:01'], bad: ['00:00:5e'] },
    uuid: { good: ['123e4567-e89b-12d3-a456-426614174000'], bad: ['123e4567'] },
    isbn: { good: ['0321751043', '978-0321751041'], bad: ['0321751044'] },
    creditcard: { good: ['4111 1111 1111 1111'], bad: ['4111 1111 1111 1112'] },
    uri: { good: ['https://example.com/x', '/path'], bad: ['example', ''] },
    email: { good: ['a@example.com', 'A B <a@example.com>'], bad: ['a', '@example.com'] },
    hostname: { good: ['example.com'], bad: ['-x.example.com'] },
  };
  for (const [format, { good, bad }] of Object.entries(FORMATS))
    it(`of format ${format} are told from others`, () => {
      expect(good.filter((text) => !hasFormat(format, text))).to.deep.equal([]);
      expect(bad.filter((text) => hasFormat(format, text))).to.deep.equal([]);
    });

  it('is found out in no time, however long the text', () => {
    const texts = ['x', '1', '1 ', 'a.', '"a" ', 'a b '].map((part) => part.repeat(200_000));
    const begun = Date.now();
    for (const format of Object.keys(FORMATS)) for (const text of texts) expect(hasFormat(format, text)).to.equal(false);
    expect(Date.now() - begun).to.be.below(10_000);
  });
});
