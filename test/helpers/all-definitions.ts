import { define, type Definition } from '../../src/api/definition.js';
import { Definitions } from '../../src/api/definitions.js';
import { fact } from '../../src/api/facts.js';

interface Discovered {
  resources: { name: string }[];
}

/** The paths of all group versions that the facts know. */
export const versionPaths = Object.keys(fact<Record<string, Discovered>>('discovery')).filter((path) =>
  /^\/api\/[^/]+$|^\/apis\/[^/]+\/[^/]+$/.test(path),
);

/** Plain definitions (no hooks) of everything the facts know, in an order that is not that of any answer. */
export function allDefinitions(): Definitions {
  const facts = fact<Record<string, Discovered>>('discovery');
  const definitions = new Definitions();
  for (const path of [...versionPaths].reverse()) {
    const [, root, ...rest] = path.split('/');
    const [group = '', version = ''] = root === 'api' ? ['', ...rest] : rest;
    const names = (facts[path] as Discovered).resources.map((r) => r.name).filter((name) => !name.includes('/'));
    for (const resource of names.reverse()) definitions.add(define({ group, version, resource }) as Definition);
  }
  return definitions;
}
