// Imports go one way. The table is docs/architecture.md's; a folder may import itself and what stands here, nothing else.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Open to all but storage, which may use `util` only. */
const BASE = ['util', 'api/meta', 'api/types', 'api/facts'];
const KIND = ['api/definition', 'api/shared', 'api/schema'];
const CLIENT = ['client/client', 'client/informer', 'client/informers', 'client/event-recorder', 'client/store'];

const ALLOWED: Record<string, readonly string[]> = {
  util: [],
  'api/types': [],
  'api/facts': [],
  'api/meta': ['util', 'api/types', 'api/facts', 'api/schema'],
  'api/schema': BASE,
  'api/definition': BASE,
  'api/admission': ['api/definition', ...BASE],
  'api/shared': [...BASE, 'api/definition', 'api/schema'],
  'api/load': ['api/definition'],
  'api/protobuf': [...BASE, 'api/definition', 'api/schema'],
  'api/*': [...BASE, ...KIND],
  storage: ['util'],
  watch: ['storage/storage', 'util'],
  registry: [...BASE, ...KIND, 'api/admission', 'storage/storage', 'watch'],
  admission: [...BASE, ...KIND, 'api/admission', 'client/client'],
  handlers: [...BASE, ...KIND, 'api/protobuf', 'registry', 'storage/storage', 'watch'],
  server: [...BASE, 'api/definition', 'handlers', 'options', 'client/client'],
  'client/local': [...BASE, ...KIND, 'registry', 'client/client', 'client/local-watch'],
  'client/local-watch': [...BASE, 'registry', 'storage/storage', 'watch', 'client/client'],
  client: [...BASE, 'api/definition', 'api/shared'],
  controllers: [...BASE, ...KIND, ...CLIENT],
  scheduler: [...BASE, ...KIND, ...CLIENT],
  nodeagent: [...BASE, ...KIND, ...CLIENT, 'options'],
  options: ['util', 'api/shared'],
  bootstrap: [...BASE, 'api/definition', 'client/client'],
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
