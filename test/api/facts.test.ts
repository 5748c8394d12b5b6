import { expect } from 'chai';
import type { Column } from '../../src/api/definition.js';
import { fact } from '../../src/api/facts.js';

describe('columns of tables', () => {
  const schemas = fact<Record<string, { properties?: Record<string, unknown> }>>('schemas');

  for (const [path, columns] of Object.entries(fact<Record<string, Column[]>>('table-columns')))
    it(`of ${path} are described as fields that exist`, () => {
      for (const { name, describes, description } of columns) {
        if (describes === undefined) continue;
        const [schema = '', field = ''] = describes.split('#');
        expect(schemas[schema]?.properties, `${name}: ${describes}`).to.have.property(field);
        expect(description, name).to.equal(undefined);
      }
    });
});
