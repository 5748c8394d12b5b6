// The form in which upstream checks definitions: what all versions say alike stands at the top, as it did in v1beta1. Paths of
// errors tell it: `spec.validation.openAPIV3Schema…` where all versions have the same schema.
import { equal } from '../../util/equal.js';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  CustomResourceValidation,
  SelectableField,
} from '../types/apiextensions-v1.gen.js';

/** What versions say of the objects. */
export interface Sayings {
  readonly schema?: CustomResourceValidation | undefined;
  readonly subresources?: CustomResourceSubresources | undefined;
  readonly additionalPrinterColumns?: readonly CustomResourceColumnDefinition[] | undefined;
  readonly selectableFields?: readonly SelectableField[] | undefined;
}

/** A version with what it says alone. */
export interface HoistedVersion extends Sayings {
  readonly of: CustomResourceDefinitionVersion;
}

/** A definition's spec with what all versions say. */
export interface HoistedSpec extends Sayings {
  /** The name of the first version; "": there is none. */
  readonly version: string;
  readonly versions: readonly HoistedVersion[];
}

const SAID = ['schema', 'subresources', 'additionalPrinterColumns', 'selectableFields'] as const;

/** Moves what all versions say alike to the top. */
export function hoisted({ versions: given }: CustomResourceDefinitionSpec): HoistedSpec {
  const versions = given ?? [];
  const first = versions[0];
  const common = new Set(SAID.filter((name) => first && versions.every((v) => equal(v[name], first[name]))));
  const pick = (v: CustomResourceDefinitionVersion, isCommon: boolean): Sayings =>
    Object.fromEntries(SAID.filter((name) => common.has(name) === isCommon).map((name) => [name, v[name]]));
  return {
    version: first?.name ?? '',
    ...(first && pick(first, true)),
    versions: versions.map((v) => ({ of: v, ...pick(v, false) })),
  };
}

/** The subresources of a version: those of all, or its own where any has some of its own. */
export function subresourcesOf(spec: HoistedSpec, version: HoistedVersion): CustomResourceSubresources | undefined {
  return spec.versions.some((v) => v.subresources) ? version.subresources : spec.subresources;
}
