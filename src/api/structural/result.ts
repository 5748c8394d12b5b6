// What validation by a schema collects.
import { at, type FieldError, type FieldPath, invalid } from '../meta/field-errors.js';

/** A finding, and the text by which equal ones are told. */
interface Finding {
  readonly text: string;
  readonly error: FieldError;
}

/** Findings of a validator, and how many checks went well: the best of several alternatives is the one with the most. */
export class Result {
  readonly #findings: Finding[] = [];
  matches = 0;

  get isValid(): boolean {
    return this.#findings.length === 0;
  }

  get errors(): FieldError[] {
    return this.#findings.map((f) => f.error);
  }

  add(text: string, error: FieldError): void {
    if (!this.#findings.some((f) => f.text === text)) this.#findings.push({ text, error });
  }

  merge(other: Result): void {
    for (const { text, error } of other.#findings) this.add(text, error);
    this.matches += other.matches;
  }
}

/** Where a validator is: the path of the value from the root of the schema, and where that root is. */
export class Place {
  /** undefined: the root of an object, which Go prints as a path that is not there. */
  readonly #base: FieldPath | undefined;
  /** `spec.f[0]`; "" for the root. */
  readonly name: string;

  constructor(base: FieldPath | undefined, name = '') {
    this.#base = base;
    this.name = name;
  }

  /** A declared field: the first name has no dot before it. */
  property(name: string): Place {
    return new Place(this.#base, this.name === '' ? name : `${this.name}.${name}`);
  }

  /** A field upstream names with a dot in any case. */
  field(name: string): Place {
    return new Place(this.#base, `${this.name}.${name}`);
  }

  item(index: number): Place {
    return new Place(this.#base, `${this.name}[${index}]`);
  }

  get path(): FieldPath | string {
    const name = this.name.replace(/^\./, '');
    if (name === '' || this.name === '.') return this.base;
    return (this.#base ?? at()).child(name);
  }

  get base(): FieldPath | string {
    return this.#base ?? '<nil>';
  }

  /** `spec.f in body ` */
  get in(): string {
    return `${this.name} in body `;
  }

  /** An error about the value as a whole, told at the root. */
  general(text: string): FieldError {
    return invalid(this.base, '', text);
  }
}
