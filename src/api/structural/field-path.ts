// Paths to fields as schemas' rules and selectable fields write them: `.spec.color`, `.spec['a b']`.
import { additionalOf, propertyOf, type Schema } from './schema.js';

/** The place a path leads to. */
export interface FieldPlace {
  readonly steps: readonly string[];
  readonly schema: Schema | undefined;
}

/** A path that leads nowhere. The message is upstream's. */
export class FieldPathError extends Error {}

const NO_FIELD = 'does not refer to a valid field';

/**
 * @param brackets whether names may stand in brackets
 * @throws FieldPathError
 */
export function resolveFieldPath(path: string, root: Schema, { brackets }: { readonly brackets: boolean }): FieldPlace {
  const tokens = path.match(/'(?:\\.|[^'\\])*'|[.[\]]|[^.[\]]+/g) ?? [];
  const steps: string[] = [];
  let schema: Schema | undefined = root;
  let at = 0;
  const next = (): string => {
    const token = tokens[at++];
    if (token === undefined) throw new FieldPathError('unexpected end of JSON path');
    return token;
  };
  while (at < tokens.length) {
    const token = next();
    if (token !== '.' && token !== '[') throw new FieldPathError(`expected [ or . but got: ${token}`);
    if (token === '[' && !brackets) throw new FieldPathError('array notation is not allowed');
    const name = token === '.' ? next() : quoted(next());
    schema = step(schema, name);
    steps.push(name);
    const close = token === '[' ? next() : ']';
    if (close !== ']') throw new FieldPathError(`expected ] but got ${close}`);
  }
  return { steps, schema };
}

function step(schema: Schema | undefined, name: string): Schema | undefined {
  if (Object.keys(schema?.properties ?? {}).length > 0) {
    const property = propertyOf(schema, name);
    if (!property) throw new FieldPathError(NO_FIELD);
    return property;
  }
  if (schema?.additionalProperties === undefined) throw new FieldPathError(NO_FIELD);
  return additionalOf(schema);
}

function quoted(token: string): string {
  if (token.length < 2 || !token.startsWith("'") || !token.endsWith("'"))
    throw new FieldPathError(`expected single quoted string but got ${token}`);
  return token.slice(1, -1).replace(/\\(.)/g, '$1');
}
