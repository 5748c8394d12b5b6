// Imports go one way. The table is docs/architecture.md's; a folder may import itself and what stands here, nothing else.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Open to all but storage, which may use `util` only. */
const BASE = ['util', 'api/meta', 'api/types'];
const CLIENT = ['client/client', 'client/informer', 'client/informers', 'client/event-recorder', 'client/indexes', 'client/store'];

const ALLOWED: Record<string, readonly string[]> = {
  util: [],
  'api/types': [],
  'api/facts': ['util'],
  'api/meta': ['util', 'api/types'],
  'api/schema': ['util', 'api/meta', 'api/facts'],
  'api/context': ['util', 'api/meta'],
  'api/definition': [...BASE, 'api/facts', 'api/schema', 'api/context'],
  'api/definitions': ['api/definition', 'api/meta'],
  'api/admission': ['api/context', 'api/definition', 'api/meta'],
  'api/shared': [...BASE, 'api/facts', 'api/context', 'api/definition'],
  'api/structural': [...BASE, 'api/schema'],
  'api/kinds.gen': ['api'],
  'api/protobuf': ['util', 'api/facts'],
  'api/*': [...BASE, 'api/facts', 'api/context', 'api/definition', 'api/shared', 'api/structural'],
  storage: ['util'],
  watch: ['storage/storage', 'util'],
  registry: [...BASE, 'api/context', 'api/definition', 'api/definitions', 'api/schema', 'api/admission', 'storage/storage', 'watch'],
  extensions: [...BASE, 'api/context', 'api/definition', 'api/shared', 'api/schema', 'api/structural', 'registry', 'watch'],
  admission: [...BASE, 'api/context', 'api/definition', 'api/schema', 'api/shared', 'api/admission'],
  handlers: [
    ...BASE,
    'api/facts',
    'api/context',
    'api/definition',
    'api/definitions',
    'api/shared',
    'api/schema',
    'api/protobuf',
    'registry',
    'storage/storage',
    'watch',
  ],
  server: [...BASE, 'api/facts', 'api/context', 'api/definition', 'api/shared', 'handlers', 'options'],
  'client/local': ['util', 'api/meta', 'api/context', 'api/definition', 'api/schema', 'registry', 'client/client', 'client/local-watch'],
  'client/local-watch': ['api/meta', 'registry', 'storage/storage', 'watch', 'client/client'],
  client: [...BASE, 'api/context'],
  controllers: [...BASE, 'api/shared', ...CLIENT],
  scheduler: [...BASE, 'api/shared', ...CLIENT],
  nodeagent: [...BASE, 'api/shared', ...CLIENT],
  options: ['util', 'api/shared'],
  'data-directory': ['util', 'storage/inspect', 'server/pki'],
  running: ['util', 'storage/lock', 'server/kubeconfig'],
  bootstrap: [...BASE, 'api/facts', 'api/definitions', 'api/shared', 'client/client'],
};

/** Free: they join the parts. */
const JOINERS = new Set(['cluster', 'index', 'main']);

function files(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return files(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

/** The entry of ALLOWED a module belongs to: its own name, else its folder. */
function unitOf(module: string): string {
  if (ALLOWED[module]) return module;
  const parts = module.split('/');
  if (parts[0] === 'api' && parts.length > 2) return ALLOWED[`api/${parts[1]}`] ? `api/${parts[1]}` : 'api/*';
  return parts[0] as string;
}

function within(module: string, prefix: string): boolean {
  return module === prefix || module.startsWith(`${prefix}/`);
}

describe('imports', () => {
  for (const file of files(src)) {
    const module = relative(src, file).replace(/\.ts$/, '');
    const unit = unitOf(module);
    if (JOINERS.has(module) || unit === 'commands') continue;
    it(`of ${module} keep to the layers`, () => {
      const allowed = ALLOWED[unit];
      expect(allowed, `${module} belongs to no layer`).to.not.equal(undefined);
      const targets = [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((m) =>
        relative(src, join(dirname(file), (m[1] as string).replace(/\.js$/, ''))),
      );
      const own = unit === 'api/*' ? module.split('/').slice(0, 2).join('/') : unit;
      const wrong = targets.filter((t) => !within(t, own) && !(allowed ?? []).some((a) => within(t, a)));
      expect(wrong, module).to.deep.equal([]);
    });
  }
});
