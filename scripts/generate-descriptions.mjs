// Writes facts/descriptions.json: the prose of types, fields and parameters, for kubectl explain and the OpenAPI documents. It is
// read at build time off the doc comments of development dependencies, as text, and not committed:
// - kubernetes-models and @kubernetes-models/apimachinery have the texts of all types but one, and of all their fields;
// - kubernetes-types has that of Quantity, which the others declare without one;
// - client-node-2 (the client for API v1.36) has those of query parameters, and of kind and apiVersion.
// Run by `npm run build`.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const schemas = JSON.parse(readFileSync(new URL('facts/schemas.json', root), 'utf8'));
const packageRoot = (name) => dirname(fileURLToPath(import.meta.resolve(`${name}/package.json`)));
const modelPackages = ['kubernetes-models', '@kubernetes-models/apimachinery'].map(packageRoot);
const clientModels = join(dirname(fileURLToPath(import.meta.resolve('client-node-2'))), 'gen');

const COMMENT = String.raw`/\*\*\n((?:(?!\*/)[\s\S])*?)\s*\*/\s*`;

/** The lines of a doc comment, without what makes it one. */
const plain = (comment) => comment.replace(/^[ \t]*\* ?/gm, '').replace(/\s+$/, '');

/** The text of a model's doc comment: its generator put a backslash before each star, and a tag below deprecated types. */
const modelText = (comment) =>
  plain(comment)
    .replace(/\n@deprecated$/, '')
    .replaceAll(String.raw`\*`, '*')
    .replaceAll(String.raw`*\/`, '*/');

/** io.k8s.api.core.v1.Pod is IIoK8sApiCoreV1Pod there. */
const modelName = (schema) => `I${schema.replace(/(?:^|[.-])(\w)/g, (_, letter) => letter.toUpperCase())}`;

const TYPE = new RegExp(String.raw`(?:${COMMENT})?export (?:interface|type) (\w+)(?:[^{;]*\{([\s\S]*?)\n\})?`);
/** A field of the type itself: those of types written in place stand further in. */
const FIELD = new RegExp(String.raw`\n {4}${COMMENT}"([^"\n]+)"\??: `, 'g');

/** Of each model by its name, its own text at "" and those of its fields by theirs. */
function readModels() {
  const models = new Map();
  for (const folder of modelPackages)
    for (const file of readdirSync(folder, { recursive: true })) {
      if (!file.endsWith('.d.ts') || file.startsWith('_schemas')) continue;
      const source = readFileSync(join(folder, file), 'utf8');
      const name = /export (?:declare )?type \{ \w+ as (\w+)/.exec(source)?.[1];
      const type = name && TYPE.exec(source);
      if (!type) continue;
      const [, own, , body = ''] = type;
      const fields = [...body.matchAll(FIELD)].map(([, comment, field]) => [field, modelText(comment)]);
      models.set(name, Object.fromEntries([...(own === undefined ? [] : [['', modelText(own)]]), ...fields]));
    }
  return models;
}

/** The text of the type that kubernetes-types exports by this name. */
function otherType(file, name) {
  const source = readFileSync(join(packageRoot('kubernetes-types'), file), 'utf8');
  return plain(new RegExp(String.raw`${COMMENT}export type ${name} = `).exec(source)[1]);
}

/** What every object says of its kind and apiVersion. */
function typeMeta() {
  const source = readFileSync(join(clientModels, 'models', 'V1Pod.d.ts'), 'utf8');
  const text = (field) => plain(new RegExp(String.raw`${COMMENT}'${field}'\?: `).exec(source)[1]);
  return { apiVersion: text('apiVersion'), kind: text('kind') };
}

function describeSchemas() {
  const models = readModels();
  const common = typeMeta();
  const quantity = { '': otherType('api/resource.d.ts', 'Quantity') };
  const describe = ([name, { properties = {} }]) => {
    const texts = name.endsWith('.Quantity') ? quantity : (models.get(modelName(name)) ?? {});
    const shared = Object.entries(common).filter(([field]) => field in properties && texts[field] === undefined);
    return [name, { ...texts, ...Object.fromEntries(shared) }];
  };
  return Object.fromEntries(Object.entries(schemas).map(describe));
}

/**
 * The text of a parameter, as it was before the client's generator escaped it and made every line break a space. Indented lines are
 * told by the spaces before them, of which there is one more; other paragraphs by what they come after, since some texts have two
 * spaces within a sentence.
 */
const parameterText = (name, comment) => {
  const text = plain(comment.replace(/^\s*\* (Defaults to: |@)[^\n]*\n/gm, ''))
    .replace(/\\(['"`\\&])/g, '$1')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&#x60;/g, '`')
    .replace(/&#x3D;/g, '=')
    .replace(/&amp;/g, '&');
  if (ONE_PARAGRAPH.has(name)) return text;
  return text
    .replace(/(?<=\S) ((?: {2})+)(?=\S)/g, '\n$1')
    .replace(/(?<=\S) {2}((?: {2})+)(?=\S)/g, '\n\n$1')
    .replace(/(\n +- \S+) {2}(?=\S)/g, '$1\n\n')
    .replace(/(\n {2}[^\n]*\.) (?=- )/g, '$1\n')
    .replace(/([.:)"'`]) {2}(?=\S)/g, '$1\n\n');
};

/** Sentences that begin after two spaces. */
const ONE_PARAGRAPH = new Set(['insecureSkipTLSVerifyBackend']);

const PATH_PARAMETERS = new Set(['name', 'namespace', 'path', 'body', 'group', 'version', 'plural', 'resourcePlural', 'logpath']);

/** Where a method's parameters may have texts of their own: an action, a subresource, or a kind and its subresource. */
function placeOf(method) {
  if (method.startsWith('Patch')) return 'patch';
  if (method.endsWith('PodLog')) return 'log';
  const [, kind, subresource] = /(Node|Pod|Service)(Attach|Exec|Portforward|Proxy)(?:WithPath)?$/.exec(method) ?? [];
  return subresource === 'Proxy' ? `${kind}/proxy` : subresource?.toLowerCase();
}

/** The texts of query parameters: the usual one under the parameter's name, others under its place too: "patch/fieldManager". */
function describeParameters() {
  const types = readFileSync(join(clientModels, 'types', 'ObjectParamAPI.d.ts'), 'utf8');
  const counts = new Map();
  const special = new Map();
  for (const [, method, body] of types.matchAll(/export interface \w+?Api(\w+)Request \{([\s\S]*?)\n\}/g)) {
    const place = placeOf(method);
    for (const [, comment, property] of body.matchAll(/\/\*\*\n([\s\S]*?)\*\/\s*(\w+)\??:/g)) {
      // the second parameter called path is that of a proxied request
      const name = property === 'path2' ? 'path' : property.replace(/^_/, '');
      if (property !== 'path2' && PATH_PARAMETERS.has(name)) continue;
      const text = parameterText(name, comment);
      const texts = counts.get(name) ?? new Map();
      counts.set(name, texts.set(text, (texts.get(text) ?? 0) + 1));
      if (place) special.set(`${place}/${name}`, text);
    }
  }
  const usual = [...counts].map(([name, texts]) => [name, [...texts].sort((a, b) => b[1] - a[1])[0][0]]);
  const other = [...special].filter(([key, text]) => text !== Object.fromEntries(usual)[key.split('/').at(-1)]);
  return Object.fromEntries([...usual, ...other].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const target = new URL('facts/descriptions.json', root);
const described = describeSchemas();
const text = `${JSON.stringify({ schemas: described, parameters: describeParameters() })}\n`;
if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
const counted = Object.values(described).reduce((sum, texts) => sum + Object.keys(texts).length, 0);
console.log(`facts/descriptions.json: ${counted} texts of ${Object.keys(described).length} types`);
