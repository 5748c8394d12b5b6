// Objects at random along the published schemas: right in form, wrong in most else.
import { fact } from '../../src/api/facts.js';

interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly required?: readonly string[];
}

const MAX_DEPTH = 9;
const TEXTS = [
  ['', 'a', 'x-1', 'A_b', 'a/b', '-', '.', '..', '/', '*', '%', '\0', 'é', '🙂', 'a'.repeat(300), '{}', '[1]', 'true', '1', 'a=b'],
  ['__proto__', 'constructor', 'toString', '10.0.0.1', '::1', '10.0.0.0/8', 'cpu', 'storage', 'http', 'TCP', '@daily', '* * * * *'],
  ['Always', 'Equal', 'In', 'Exists', 'RollingUpdate', 'ClusterIP', 'None', 'NodePort', 'ExternalName', 'Indexed', 'Pod', 'Container'],
].flat();
const NUMBERS = [0, 1, -1, 2, 80, 65535, 65536, 2 ** 31 - 1, -(2 ** 31)];
/** Types that write their own JSON, by the end of their name. */
const OWN_FORMS: readonly (readonly [RegExp, readonly unknown[]])[] = [
  [/\.Quantity$/, ['1', '0', '-1', '1Gi', '100m', '1e9']],
  [/\.(?:Micro)?Time$/, ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00.000000Z']],
  [/\.IntOrString$/, [0, 1, -1, '50%', 'http', '']],
];

/** Makes values of schemas. */
export class RandomObjects {
  readonly #random: () => number;
  readonly #schemas = fact<Record<string, Schema>>('schemas');

  /** @param random in [0,1) */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** A number from 0 to n - 1. */
  below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  /** @param name of a schema: io.k8s.api.core.v1.Pod */
  make(name: string): Record<string, unknown> {
    return { ...(this.#value(this.#schemas[name], 0) as Record<string, unknown>) };
  }

  #value(schema: Schema | undefined, depth: number): unknown {
    if (schema?.allOf) return this.#value(schema.allOf[0], depth);
    if (schema?.$ref) return this.#named(schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1), depth);
    if (!schema || depth > MAX_DEPTH || (depth > 0 && this.below(40) === 0)) return null;
    if (schema.enum) return this.pick(schema.enum);
    switch (schema.type) {
      case 'string':
        return schema.format === 'byte' ? this.pick(['', 'YQ==']) : this.pick(TEXTS);
      case 'integer':
      case 'number':
        return this.pick(NUMBERS);
      case 'boolean':
        return this.below(2) === 0;
      case 'array':
        return Array.from({ length: this.below(3) }, () => this.#value(schema.items, depth + 1));
      default:
        return Object.fromEntries(schema.properties ? this.#fields(schema, depth) : this.#entries(schema, depth));
    }
  }

  #named(name: string, depth: number): unknown {
    const own = OWN_FORMS.find(([form]) => form.test(name));
    return own ? this.pick(own[1]) : this.#value(this.#schemas[name], depth);
  }

  #fields({ properties = {}, required = [] }: Schema, depth: number): [string, unknown][] {
    const rarity = depth < 2 ? 2 : 2 + this.below(5);
    const chosen = Object.keys(properties).filter((name) => (required.includes(name) ? this.below(6) > 0 : this.below(rarity) === 0));
    return chosen.map((name) => [name, this.#value(properties[name], depth + 1)]);
  }

  #entries({ additionalProperties = { type: 'string' } }: Schema, depth: number): [string, unknown][] {
    return Array.from({ length: this.below(3) }, () => [this.pick(TEXTS), this.#value(additionalProperties, depth + 1)]);
  }
}
