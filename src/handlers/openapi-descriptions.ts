// Prose for OpenAPI documents, tables and kubectl explain. It is made at build time (scripts/generate-descriptions.mjs) and
// not part of the source: without it everything works, and nothing is explained.
import { existsSync } from 'node:fs';
import { fact } from '../api/facts.js';
import { packageFile } from '../util/package-files.js';

interface Descriptions {
  /** Per schema: its own text at "", its fields' by their names. */
  readonly schemas: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Texts of parameters by their names; where one has several, by place and name: patch/fieldManager, Node/proxy/path. */
  readonly parameters: Readonly<Record<string, string>>;
}

const FILE = packageFile('facts/descriptions.json');
const NONE: Descriptions = { schemas: {}, parameters: {} };

function all(): Descriptions {
  return existsSync(FILE) ? fact<Descriptions>('descriptions') : NONE;
}

/** The texts of a schema: "" its own, the rest its fields'. */
export function schemaDescriptions(schema: string): Readonly<Record<string, string>> {
  return all().schemas[schema] ?? {};
}

/** The text of a query parameter; `places`: the kind and subresource, the subresource and the action that take it, the closest first. */
export function parameterDescription(name: string, places: readonly string[]): string | undefined {
  const { parameters } = all();
  const key = places.map((place) => `${place}/${name}`).find((k) => k in parameters) ?? name;
  return parameters[key];
}
