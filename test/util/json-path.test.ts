import { expect } from 'chai';
import { jsonPath, JsonPathError } from '../../src/util/json-path.js';

const object = {
  metadata: { labels: { 'a.b': 'dotted' } },
  spec: { containers: [{ name: 'a', ports: [1, 2] }, { name: 'b' }] },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Old', status: 'False' },
    ],
  },
};

describe('JSONPath', () => {
  const PATHS: Record<string, unknown[]> = {
    '.spec.containers[0].name': ['a'],
    '.spec.containers[-1].name': ['b'],
    '.spec.containers[*].name': ['a', 'b'],
    '.spec.containers[0:1].name': ['a'],
    '.status.conditions[?(@.type=="Ready")].status': ['True'],
    ".status.conditions[?(@.type!='Ready')].status": ['False'],
    '.spec.containers[?(@.ports)].name': ['a'],
    '.metadata.labels.a\\.b': ['dotted'],
    ".metadata.labels['a.b']": ['dotted'],
    '.spec.missing.name': [],
    '.spec.containers[7].name': [],
    '.': [object],
  };
  for (const [path, found] of Object.entries(PATHS))
    it(`finds ${path}`, () => {
      expect(jsonPath(path)(object)).to.deep.equal(found);
    });

  it('says of a path that it cannot be read', () => {
    expect(() => jsonPath('.spec[')).to.throw(JsonPathError);
    expect(() => jsonPath('spec')).to.throw(JsonPathError);
  });
});
