import { expect } from 'chai';
import type { Column } from '../../src/api/definition.js';
import { fact } from '../../src/api/facts.js';

describe('fields of upstream’s internal types', () => {
  type Field = readonly [name: string, kind: string, json?: string];
  const internal = fact<Record<string, readonly Field[]>>('internal-structs');
  const schemas = fact<Record<string, { properties?: Record<string, unknown> }>>('schemas');
  /** Upstream keeps these elsewhere than clients write them, or not at all. */
  const ELSEWHERE = [
    'apiVersion',
    'kind',
    'metadata',
    'serviceAccount',
    'hostIPC',
    'hostNetwork',
    'hostPID',
    'hostUsers',
    'shareProcessNamespace',
  ];
  const namesOf = (kind: string): string[] =>
    (internal[kind] ?? []).flatMap(([name, of, json = name]) => (name === '' ? namesOf(of) : [json.toLowerCase()]));

  for (const kind of Object.keys(internal)) {
    const published = Object.keys(schemas).filter((name) => name.endsWith(`.v1.${kind.split('.')[1]}`));
    if (published.length === 0) continue;
    it(`of ${kind} have all that clients can write`, () => {
      const missing = published.map((name) =>
        Object.keys(schemas[name]?.properties ?? {}).filter((p) => !ELSEWHERE.includes(p) && !namesOf(kind).includes(p.toLowerCase())),
      );
      expect(
        missing.some((names) => names.length === 0),
        JSON.stringify(missing),
      ).to.equal(true);
    });
  }
});

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
