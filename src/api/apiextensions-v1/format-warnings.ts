import type { CustomResourceDefinition } from '../types/apiextensions-v1.gen.js';
import { formatOf } from '../structural/formats.js';
import { schemasIn } from '../structural/schema.js';
import { hoisted } from './hoisted-form.js';

/** Formats that have no effect, where the definition did not name them before. */
export function formatWarnings(definition: CustomResourceDefinition, old: CustomResourceDefinition | undefined): string[] {
  const known = new Set(old ? unknownFormats(old) : []);
  return unknownFormats(definition)
    .filter((format) => !known.has(format))
    .map((format) => `unrecognized format ${JSON.stringify(format)}`);
}

function unknownFormats({ spec }: CustomResourceDefinition): string[] {
  const { schema, versions } = hoisted(spec);
  const schemas = [schema, ...versions.map((v) => v.schema)].map((s) => s?.openAPIV3Schema);
  return schemas
    .flatMap((s) => [...schemasIn(s)])
    .filter((s) => s.format && formatOf({ type: s.type, format: s.format }) === '')
    .map((s) => s.format as string);
}
