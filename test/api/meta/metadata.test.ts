import { expect } from 'chai';
import { at, type FieldError } from '../../../src/api/meta/field-errors.js';
import {
  semanticEqual,
  validateConditions,
  validateFieldManager,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../../../src/api/meta/metadata.js';
import { nameIsDNSLabel } from '../../../src/api/meta/names.js';
import type { ObjectMeta } from '../../../src/api/meta/object.js';

const lines = (errors: readonly FieldError[]) => errors.map((e) => `${e.field}: ${e.message}`);
const create = (meta: Partial<ObjectMeta>) => lines(validateObjectMeta({ name: 'a', namespace: 'n', ...meta }, { namespaced: true }));
const update = (meta: Partial<ObjectMeta>, old: Partial<ObjectMeta> = {}) => {
  const base = { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7', creationTimestamp: '2020-01-01T00:00:00Z' };
  return lines(validateObjectMetaUpdate({ ...base, ...meta }, { ...base, ...old }));
};
const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' };

describe('metadata of a new object', () => {
  it('may be plain', () => {
    expect(create({ labels: { a: 'b' }, annotations: { 'a/b': '{' }, finalizers: ['e.com/f'], ownerReferences: [owner] })).to.deep.equal(
      [],
    );
  });
  it('needs a name', () => {
    expect(create({ name: '' })).to.deep.equal(['metadata.name: Required value: name or generateName is required']);
  });
  it('follows the rule of the kind, also in the prefix of a name', () => {
    const errors = validateObjectMeta(
      { name: 'a.b', generateName: 'c.d-', namespace: 'n' },
      { namespaced: true, validateName: nameIsDNSLabel },
    );
    expect(lines(errors)).to.deep.equal([
      'metadata.generateName: Invalid value: "c.d-": must not contain dots',
      'metadata.name: Invalid value: "a.b": must not contain dots',
    ]);
  });
  it('has a namespace exactly where the kind has', () => {
    expect(create({ namespace: '' })).to.deep.equal(['metadata.namespace: Required value']);
    expect(lines(validateObjectMeta({ name: 'a', namespace: 'n' }, { namespaced: false }))).to.deep.equal([
      'metadata.namespace: Forbidden: not allowed on this type',
    ]);
  });
  it('has labels whose keys and values are checked under one path', () => {
    const errors = create({ labels: { 'a b': 'c d' } });
    expect(errors).to.have.length(2);
    expect(errors[0]).to.match(/^metadata\.labels: Invalid value: "a b": name part must consist/);
    expect(errors[1]).to.match(/^metadata\.labels: Invalid value: "c d": a valid label must be/);
  });
  it('takes annotations of any case, up to 256 KiB in all', () => {
    expect(create({ annotations: { 'E.COM/Key': 'x' } })).to.deep.equal([]);
    expect(create({ annotations: { k: 'x'.repeat(256 * 1024 - 1) } })).to.deep.equal([]);
    expect(create({ annotations: { k: 'x'.repeat(256 * 1024) } })).to.deep.equal([
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ]);
  });
  it('has at most one controller among its owners', () => {
    const [first, second] = [
      { ...owner, controller: true },
      { ...owner, name: 'm', controller: true },
    ];
    expect(create({ ownerReferences: [first, second] })).to.deep.equal([
      'metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"Node","name":"n","uid":"u","controller":true},{"apiVersion":"v1","kind":"Node","name":"m","uid":"u","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for Node/n and Node/m',
    ]);
  });
  it('has owners that are whole, and no event', () => {
    expect(create({ ownerReferences: [{ apiVersion: '', kind: '', name: '', uid: '' }] })).to.deep.equal([
      'metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty',
      'metadata.ownerReferences.kind: Invalid value: "": must not be empty',
      'metadata.ownerReferences.name: Invalid value: "": must not be empty',
      'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
    ]);
    expect(create({ ownerReferences: [{ ...owner, kind: 'Event' }] })[0]).to.match(/\/v1, Kind=Event is disallowed from being an owner$/);
  });
  it('cannot be both orphaned and foreground deleted', () => {
    expect(create({ finalizers: ['orphan', 'foregroundDeletion'] })).to.deep.equal([
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
    ]);
  });
  it('has managed fields of known operations', () => {
    expect(create({ managedFields: [{ operation: 'Do', fieldsType: 'V2', manager: 'm' }] })).to.deep.equal([
      'metadata.managedFields[0].operation: Invalid value: "Do": must be `Apply` or `Update`',
      'metadata.managedFields[0].fieldsType: Invalid value: "V2": must be `FieldsV1`',
    ]);
  });
});

describe('a change of metadata', () => {
  it('may touch labels', () => {
    expect(update({ labels: { a: 'b' } })).to.deep.equal([]);
  });
  it('may not touch identity', () => {
    expect(update({ name: 'b', namespace: 'm', uid: 'v' })).to.deep.equal([
      'metadata.name: Invalid value: "b": field is immutable',
      'metadata.namespace: Invalid value: "m": field is immutable',
      'metadata.uid: Invalid value: "v": field is immutable',
    ]);
  });
  it('needs a revision, and a generation that does not fall', () => {
    expect(update({ resourceVersion: '', generation: 1 }, { generation: 2 })).to.deep.equal([
      'metadata.resourceVersion: Invalid value: "": must be specified for an update',
      'metadata.generation: Invalid value: 1: must not be decremented',
    ]);
  });
  it('adds no finalizer to an object on its way out, but may take some off', () => {
    const old = { deletionTimestamp: '2020-01-01T00:00:00Z', finalizers: ['e.com/a', 'e.com/b'] };
    expect(update({ ...old, finalizers: ['e.com/b'] }, old)).to.deep.equal([]);
    expect(update({ ...old, finalizers: ['e.com/z', 'e.com/c'] }, old)).to.deep.equal([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"e.com/c", "e.com/z"}',
    ]);
  });
});

describe('equality of objects', () => {
  it('does not tell absent from an empty list, but from an empty struct', () => {
    expect(semanticEqual({ a: [], c: null, d: undefined }, {})).to.equal(true);
    expect(semanticEqual({ a: {} }, {})).to.equal(false);
    expect(semanticEqual({ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } })).to.equal(true);
  });
  it('tells values, orders of lists and zeroes', () => {
    expect(semanticEqual({ a: 1 }, { a: 2 })).to.equal(false);
    expect(semanticEqual([1, 2], [2, 1])).to.equal(false);
    expect(semanticEqual({ a: 0 }, {})).to.equal(false);
    expect(semanticEqual({ a: '' }, {})).to.equal(false);
  });
});

describe('conditions', () => {
  it('have unique types, a known status, a reason and a time', () => {
    const good = { type: 'Ready', status: 'True', reason: 'AsExpected', lastTransitionTime: '2020-01-01T00:00:00Z' };
    expect(validateConditions([good], at('status', 'conditions'))).to.deep.equal([]);
    expect(lines(validateConditions([good, { type: 'Ready', status: 'Maybe' }], at('c')))).to.deep.equal([
      'c[1].type: Duplicate value: "Ready"',
      'c[1].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
      'c[1].lastTransitionTime: Required value',
      'c[1].reason: Required value',
    ]);
  });
});

describe('the name of a field manager', () => {
  it('is printable and short', () => {
    expect(validateFieldManager('kubectl (1)', at('m'))).to.deep.equal([]);
    expect(lines(validateFieldManager('ä\n', at('m')))).to.deep.equal([
      'm: Invalid value: "ä\\n": invalid character U+000A (at position 2)',
    ]);
    expect(lines(validateFieldManager('x'.repeat(129), at('m')))).to.deep.equal(['m: Too long: may not be more than 128 bytes']);
  });
});
