// Writes facts/descriptions.json: the prose of types, fields and parameters, for kubectl explain. It is read off the doc comments
// of the development dependency client-node-2 (the client for API v1.36), as text: importing it is not needed and costs 70 MB.
// Run by `npm run build`; the file is not committed.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url);
const generated = join(dirname(fileURLToPath(import.meta.resolve('client-node-2'))), 'gen');
const schemas = JSON.parse(readFileSync(new URL('facts/schemas.json', root), 'utf8'));

/**
 * The text of a doc comment, as it was before the client's generator escaped it. Paragraphs became two spaces there, which some
 * texts have within a sentence too: only behind the end of a sentence, a list item or a colon is it taken for a break.
 */
function prose(comment) {
  return comment
    .replace(/^[ \t]*\* ?/gm, '')
    .replace(/\\(['"`\\&])/g, '$1')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&#x60;/g, '`')
    .replace(/&#x3D;/g, '=')
    .replace(/&amp;/g, '&')
    .replace(/_?\*_\//g, '*/')
    .replace(/\/_\*/g, '/*')
    .replace(/([.:)"'`]) {2,}(?=\S)/g, '$1\n\n')
    .trim();
}

const COMMENT = String.raw`/\*\*\n((?:(?!\*/)[\s\S])*?)\*/\s*`;
const CLASS = new RegExp(String.raw`${COMMENT}(?:import [^\n]*\n)*export declare class`);
const FIELD = new RegExp(String.raw`(?:${COMMENT})?'([^'\n]+)'\??: `, 'g');

/** A model's own text at "", and those of its fields by their names in JSON. */
function readModel(name) {
  const types = readFileSync(join(generated, 'models', `${name}.d.ts`), 'utf8');
  const map = /attributeTypeMap = (\[[\s\S]*?\n\]);/.exec(readFileSync(join(generated, 'models', `${name}.js`), 'utf8'));
  const names = new Map((map ? JSON.parse(map[1]) : []).map((a) => [a.name, a.baseName]));
  const texts = {};
  const own = CLASS.exec(types)?.[1];
  // without a text of its own a class has the file's banner before it
  if (own !== undefined && !own.includes('OpenAPI spec version')) texts[''] = prose(own);
  for (const [, text, property] of types.matchAll(FIELD))
    if (text !== undefined && names.has(property)) texts[names.get(property)] = prose(text);
  return { fields: [...names.values()], texts };
}

const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const capital = (word = '') => word.charAt(0).toUpperCase() + word.slice(1);

/** What the client may call a schema: io.k8s.api.core.v1.Event is CoreV1Event, and others V1Pod. */
function candidates(schema) {
  const parts = schema.split('.');
  const [kind, version, group] = [parts.at(-1), capital(parts.at(-2)), capital(parts.at(-3))];
  return [group + version + kind, version + kind];
}

/** Types that are a scalar or free JSON to the client, which therefore has no text for them. */
const SCALARS = {
  Quantity: 'A number, whole or with a fraction, and a suffix: decimal (m, k, M, G …) or binary (Ki, Mi, Gi …). "1500m" is "1.5".',
  IntOrString: 'A number or a text.',
  Time: 'A time to the second, as in RFC 3339.',
  MicroTime: 'A time to the microsecond, as in RFC 3339.',
  FieldsV1:
    'A set of fields as nested objects: "f:name" is a field, "k:{…}" a list item by its keys, "v:…" one by its value, "." the thing itself.',
  RawExtension: 'An object of any kind.',
  Patch: 'A patch, of the kind that the content type names.',
  JSON: 'Any JSON value.',
  CustomResourceSubresourceStatus: 'An empty object.',
  JSONSchemaPropsOrArray: 'A schema or a list of schemas.',
  JSONSchemaPropsOrBool: 'A schema or a boolean.',
  JSONSchemaPropsOrStringArray: 'A schema or a list of names.',
};

const models = new Set(
  readdirSync(join(generated, 'models'))
    .filter((f) => f.endsWith('.d.ts'))
    .map((f) => f.slice(0, -'.d.ts'.length)),
);
const described = {};
for (const [name, schema] of Object.entries(schemas)) {
  const fields = Object.keys(schema.properties ?? {})
    .sort(byText)
    .join();
  const model = candidates(name)
    .filter((c) => models.has(c))
    .map(readModel)
    .find((m) => [...m.fields].sort(byText).join() === fields);
  const scalar = SCALARS[name.split('.').at(-1)];
  if (scalar && !schema.properties) described[name] = { '': scalar };
  else if (model) described[name] = model.texts;
}
const missing = Object.keys(schemas).filter((name) => !described[name]);
for (const [name, texts] of Object.entries(described)) describeReferences(schemas[name], texts);

/** The client has no text of a field that is an object of its own: the first sentence about its type stands there. */
function describeReferences(schema, texts) {
  for (const [field, { allOf, $ref = allOf?.[0].$ref }] of Object.entries(schema.properties ?? {})) {
    const type = described[$ref?.split('/').at(-1)]?.[''];
    // the client's own class for MicroTime gives its text to the fields
    const borrowed = texts[field]?.startsWith('MicroTime is version of Time');
    if (type && (texts[field] === undefined || borrowed)) texts[field] = /^[\s\S]*?[.](?=\s|$)/.exec(type)?.[0] ?? type;
  }
}

const PATH_PARAMETERS = new Set(['name', 'namespace', 'path', 'body', 'group', 'version', 'plural', 'resourcePlural', 'logpath']);

/**
 * The texts of query parameters: the usual one under the parameter's name, others under "patch/fieldManager" or
 * "exec/container", for the action or subresource they belong to.
 */
function readParameters() {
  const types = readFileSync(join(generated, 'types', 'ObjectParamAPI.d.ts'), 'utf8');
  const counts = new Map();
  const special = new Map();
  for (const [, method, body] of types.matchAll(/export interface \w+?Api(\w+)Request \{([\s\S]*?)\n\}/g)) {
    const kind = method.startsWith('Patch')
      ? 'patch'
      : method.endsWith('PodLog')
        ? 'log'
        : /Pod(Exec|Attach|Portforward)$/.exec(method)?.[1].toLowerCase();
    for (const [, comment, property] of body.matchAll(/\/\*\*\n([\s\S]*?)\*\/\s*(\w+)\??:/g)) {
      const text = prose(comment.replace(/^\s*\* (Defaults to: |@)[^\n]*\n/gm, ''));
      // the second parameter called path is that of a proxied request
      const name = property === 'path2' ? 'proxy/path' : property.replace(/^_/, '');
      if (PATH_PARAMETERS.has(name)) continue;
      const texts = counts.get(name) ?? new Map();
      counts.set(name, texts.set(text, (texts.get(text) ?? 0) + 1));
      if (kind) special.set(`${kind}/${name}`, text);
    }
  }
  const usual = [...counts].map(([name, texts]) => [name, [...texts].sort((a, b) => b[1] - a[1])[0][0]]);
  const other = [...special].filter(([key, text]) => text !== Object.fromEntries(usual)[key.split('/')[1]]);
  return Object.fromEntries([...usual, ...other].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const target = new URL('facts/descriptions.json', root);
const text = `${JSON.stringify({ schemas: described, parameters: readParameters() })}\n`;
if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
console.log(
  `facts/descriptions.json: ${Object.keys(described).length} types of ${Object.keys(schemas).length}${missing.length > 0 ? `; nothing about ${missing.join(', ')}` : ''}`,
);
