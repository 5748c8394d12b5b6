import { expect } from 'chai';
import {
  difference,
  type FieldSet,
  hasElement,
  intersection,
  parseSet,
  paths,
  recursiveDifference,
  union,
} from '../../../src/registry/fields/set.js';

const set = (fields: object) => parseSet(fields);
const a: FieldSet = set({ 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} }, 'f:spec': { 'f:replicas': {} } });
const b: FieldSet = set({ 'f:data': { 'f:b': {}, 'f:c': {} }, 'f:kind': {} });

describe('sets of fields', () => {
  it('are united, members and children alike, in order', () => {
    expect(JSON.stringify(union(a, b))).to.equal('{"f:data":{".":{},"f:a":{},"f:b":{},"f:c":{}},"f:kind":{},"f:spec":{"f:replicas":{}}}');
    expect(union(a, {})).to.deep.equal(a);
    expect(union({}, a)).to.deep.equal(a);
  });
  it('have what both have in common', () => {
    expect(intersection(a, b)).to.deep.equal({ 'f:data': { 'f:b': {} } });
    expect(intersection(a, set({ 'f:data': {} }))).to.deep.equal({ 'f:data': {} });
    expect(intersection(set({ 'f:x': { 'f:y': {} } }), set({ 'f:x': {} }))).to.deep.equal({});
  });
  it('lose members, but not what is below them', () => {
    expect(difference(a, b)).to.deep.equal({ 'f:data': { '.': {}, 'f:a': {} }, 'f:spec': { 'f:replicas': {} } });
    expect(difference(a, set({ 'f:data': {} }))).to.deep.equal({ 'f:data': { 'f:a': {}, 'f:b': {} }, 'f:spec': { 'f:replicas': {} } });
  });
  it('lose whole parts recursively', () => {
    expect(recursiveDifference(a, set({ 'f:data': {} }))).to.deep.equal({ 'f:spec': { 'f:replicas': {} } });
    expect(recursiveDifference(a, set({ 'f:spec': { 'f:replicas': {} } }))).to.deep.equal({ 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } });
  });
  it('know their members', () => {
    expect([hasElement(a, 'f:data'), hasElement(a, 'f:spec'), hasElement(a, 'f:none')]).to.deep.equal([true, false, false]);
  });
  it('never change', () => {
    const before = JSON.stringify([a, b]);
    for (const operation of [union, intersection, difference, recursiveDifference]) operation(a, b);
    expect(JSON.stringify([a, b])).to.equal(before);
  });

  it('list their paths as messages show them', () => {
    const fields = { 'f:l': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:name': {} }, 'v:"x"': {}, 'i:0': {} }, 'f:a': {} };
    expect(paths(set(fields))).to.deep.equal([
      '.a',
      '.l[containerPort=80,protocol="TCP"]',
      '.l[="x"]',
      '.l[0]',
      '.l[containerPort=80,protocol="TCP"].name',
    ]);
  });
});

describe('reading sets', () => {
  it('takes what is in order as it is', () => {
    const fields = { 'f:a': {}, 'f:b': { '.': {}, 'k:{"name":"x"}': { 'f:y': {} } } };
    expect(parseSet(fields)).to.equal(fields);
  });
  it('brings keys into order, numbers by their value', () => {
    const fields = { 'v:1': {}, 'k:{"port":443}': {}, 'k:{"port":53}': {}, 'f:b': {}, 'f:a': {} };
    expect(Object.keys(parseSet(fields))).to.deep.equal(['f:a', 'f:b', 'k:{"port":53}', 'k:{"port":443}', 'v:1']);
  });
  it('drops what it does not know, and dots that say nothing', () => {
    expect(parseSet({ 'x:y': {}, 'f:a': { '.': {} }, 'f:b': { 'x:z': {} } })).to.deep.equal({ 'f:a': {} });
    for (const value of [undefined, null, 'x', 5, []]) expect(parseSet(value)).to.deep.equal({});
  });
});
