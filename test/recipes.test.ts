// CONTRIBUTING's recipes: a file that is written by them is picked up, or this fails.
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { admissionPlugins } from '../src/admission/index.js';
import type { Definition } from '../src/api/definition.js';
import { KINDS } from '../src/api/kinds.gen.js';
import { controllerNames } from '../src/controllers/index.js';
import { plugins } from '../src/scheduler/plugins/index.js';

const SOURCES = new URL('../src/', import.meta.url);

function filesIn(folder: string): string[] {
  return readdirSync(new URL(folder, SOURCES)).filter((file) => file.endsWith('.ts') && file !== 'index.ts');
}

/** Everything that the files of a folder export, and that has what marks a thing of this sort. */
async function exportsOf<T extends { readonly name: string }>(folder: string, mark: keyof T & string): Promise<T[]> {
  const modules = await Promise.all(filesIn(folder).map((file) => import(new URL(`${folder}${file}`, SOURCES).href)));
  return modules
    .flatMap((module: object) => Object.values(module) as unknown[])
    .filter((value): value is T => typeof value === 'object' && value !== null && mark in value && 'name' in value);
}

describe('what is written by a recipe is picked up', () => {
  it('a resource', async () => {
    const groups = readdirSync(new URL('api/', SOURCES)).filter((name) => /^(.+-)?v\d+((alpha|beta)\d+)?$/.test(name));
    const files = groups.flatMap((group) =>
      filesIn(`api/${group}/`).flatMap((file) => (/^[a-z]+\.ts$/.test(file) ? [`${group}/${file}`] : [])),
    );
    for (const file of files) {
      const { default: kind } = (await import(new URL(`api/${file}`, SOURCES).href)) as { default: Definition };
      expect(file.endsWith(`${kind.version}/${kind.resource}.ts`), file).to.equal(true);
      expect(KINDS, `${file}: npm run generate`).to.include(kind);
    }
    expect(KINDS.length).to.equal(files.length);
  });
  it('a controller', async () => {
    const found = (await exportsOf<{ name: string; create: unknown }>('controllers/', 'create')).map(({ name }) => name);
    expect(found.length).to.be.greaterThan(10);
    expect(controllerNames).to.have.members(found);
  });
  it('an admission step', async () => {
    const found = (await exportsOf<{ name: string; onByDefault: unknown }>('admission/', 'onByDefault')).map(({ name }) => name);
    expect(found.length).to.be.greaterThan(10);
    expect(admissionPlugins.map(({ name }) => name)).to.include.members(found);
  });
  it('a scheduling rule', async () => {
    const found = (await exportsOf<{ name: string; events: unknown }>('scheduler/plugins/', 'events')).map(({ name }) => name);
    expect(plugins.map(({ name }) => name)).to.have.members(found);
  });
  it('a filter', () => {
    const chain = readFileSync(new URL('server/filters/index.ts', SOURCES), 'utf8');
    for (const file of filesIn('server/filters/')) expect(chain).to.include(`from './${file.replace(/\.ts$/, '.js')}'`);
  });
});
