// From a CustomResourceDefinition to the definitions of its resource, one a version: what `define` is for built-in kinds. The
// rules are those of k8s.io/apiextensions-apiserver/pkg/registry/customresource.
import { createHash } from 'node:crypto';
import type { Context } from '../api/context.js';
import { type Definition, type Serving, type Subresource, UNSAID, type Verb } from '../api/definition.js';
import * as errors from '../api/meta/errors.js';
import { at, type FieldError } from '../api/meta/field-errors.js';
import { compareKubeVersions } from '../api/meta/kube-version.js';
import { isQualifiedName } from '../api/meta/names.js';
import { apiVersionOf, type KubeObject } from '../api/meta/object.js';
import { customresourcedefinitions } from '../api/meta/resources.gen.js';
import { isTrue } from '../api/structural/conditions.js';
import { applyDefaults } from '../api/structural/defaults.js';
import { validateEmbedded } from '../api/structural/embedded.js';
import { validateListTypes } from '../api/structural/list-types.js';
import { propertyOf, type Schema } from '../api/structural/schema.js';
import { validateValue } from '../api/structural/validate.js';
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../api/types/apiextensions-v1.gen.js';
import type { RuntimeResource } from '../registry/registry.js';
import { copy, equal } from '../util/equal.js';
import { tableOf } from './columns.js';
import { selectable } from './fields.js';
import { ownedType } from './ownership.js';
import { readingType, reshape } from './reading.js';
import { scaleOf, validateScale } from './scale.js';

const VERBS: readonly Verb[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const PART_VERBS: readonly Verb[] = ['get', 'patch', 'update'];
const SERVING: Serving = {
  routes: false,
  typed: false,
  protobuf: false,
  strategicMerge: false,
  wholeKind: true,
  throughStored: false,
};
const STANDARD_FINALIZERS = ['orphan', 'foregroundDeletion', 'kubernetes'];

/** A custom resource with whatever its schema gives it. */
interface Custom extends KubeObject {
  status?: unknown;
}

/** What a CustomResourceDefinition makes. */
export function resourceOf(crd: CustomResourceDefinition): RuntimeResource {
  const definitions = new Map(crd.spec.versions.map((version) => [version, new Version(crd, version).definition()]));
  const pick = (test: (v: CustomResourceDefinitionVersion) => boolean) => [...definitions].filter(([v]) => test(v)).map(([, d]) => d);
  return { stored: pick((v) => v.storage)[0] as Definition, served: pick((v) => v.served) };
}

/** `com.example.v1.Widget`: the name of a kind's schema in OpenAPI documents. */
function schemaNameOf({ group, version, kind }: { group: string; version: string; kind: string }): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

/** One version of a custom resource. */
class Version {
  readonly #crd: CustomResourceDefinition;
  readonly #version: CustomResourceDefinitionVersion;
  readonly #schema: Schema | undefined;
  /** Of the version that is stored. */
  readonly #storedSchema: Schema | undefined;
  readonly #storedVersion: string;
  readonly #keepUnknown: boolean;

  constructor(crd: CustomResourceDefinition, version: CustomResourceDefinitionVersion) {
    this.#crd = crd;
    this.#version = version;
    this.#schema = version.schema?.openAPIV3Schema;
    const stored = crd.spec.versions.find((v) => v.storage);
    this.#storedSchema = stored?.schema?.openAPIV3Schema;
    this.#storedVersion = stored?.name ?? version.name;
    this.#keepUnknown = crd.spec.preserveUnknownFields ?? false;
  }

  definition(): Definition<Custom> {
    const { spec, status } = this.#crd;
    const { name: version, subresources, selectableFields, additionalPrinterColumns } = this.#version;
    const names = { ...spec.names, ...status.acceptedNames };
    const { group } = spec;
    const kind = spec.names.kind;
    const listKind = names.listKind || `${kind}List`;
    const fields = selectable(selectableFields);
    const storedGvk = [group, this.#storedVersion, kind].join('/');
    return {
      ...UNSAID,
      serving: SERVING,
      group,
      version,
      resource: spec.names.plural,
      kind,
      listKind,
      namespaced: spec.scope === 'Namespaced',
      singular: names.singular ?? '',
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      verbs: VERBS,
      storageVersionHash: createHash('sha256').update(storedGvk).digest().subarray(0, 8).toString('base64'),
      schema: schemaNameOf({ group, version, kind }),
      listSchema: schemaNameOf({ group, version, kind: listKind }),
      struct: readingType(kind, this.#schema, this.#keepUnknown),
      document: this.#schema,
      owned: ownedType(kind, this.#keepUnknown ? undefined : this.#schema),
      storedAs: { group, version: this.#storedVersion, resource: spec.names.plural },
      selectableFields: fields.names,
      fields: fields.values,
      generation: true,
      keepStatusOnCreate: true,
      deprecation: this.#deprecation(),
      ownMetadataChecks: { created: true, change: true, whole: false },
      plainFinalizers: true,
      shownAs: `${group}/${spec.names.plural}`,
      unconditionalUpdate: false,
      ...tableOf(additionalPrinterColumns),
      subresources: this.#subresources(),
      ...(version === this.#storedVersion ? { complete: (object: Custom) => this.#complete(object) } : this.#conversion()),
      defaults: (object) => void applyDefaults(object, this.#schema),
      prepareCreate: (object, context) => {
        this.#refuseWhileTerminating(object, context);
        if (subresources?.status) object.status = undefined;
      },
      specChanged: (object, old) => !equal(withoutMetadata(object), withoutMetadata(old)),
      validate: (object) => this.#validate(object),
      validateUpdate: (object, old) => this.#validate(object, old),
      warnings: finalizerWarnings,
    };
  }

  #subresources(): Record<string, Subresource<Custom>> {
    const { status, scale } = this.#version.subresources ?? {};
    const { group, names } = this.#crd.spec;
    const resource = { group, resource: names.plural };
    return {
      ...(status && {
        status: {
          verbs: PART_VERBS,
          keeps: ['metadata'],
          keepsAllMetadata: true,
          validate: (object: Custom, old: Custom) => this.#validateStatus(object, old),
        },
      }),
      ...(scale && {
        scale: { verbs: PART_VERBS, body: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, ...scaleOf(resource, scale) },
      }),
    };
  }

  /** Reads what is stored by today's schema. */
  #complete(object: Custom): Custom {
    const whole = copy(object);
    whole.apiVersion = apiVersionOf({ group: this.#crd.spec.group, version: this.#version.name });
    const reshaped = reshape(whole, this.#schema, this.#keepUnknown);
    const filled = applyDefaults(whole, this.#schema);
    return filled || reshaped || whole.apiVersion !== object.apiVersion ? whole : object;
  }

  /** To the stored version and back: only the version's name changes, and what a schema does not know goes. */
  #conversion(): Pick<Definition<Custom>, 'fromStored' | 'toStored'> {
    const to = (object: KubeObject, schema: Schema | undefined): Custom => {
      if (this.#crd.spec.conversion?.strategy === 'Webhook') throw errors.notImplemented('conversion of custom resources by webhooks');
      const converted = copy(object);
      reshape(converted, schema, this.#keepUnknown);
      return converted;
    };
    return {
      fromStored: (object) => to(object, this.#schema),
      toStored: (object) => to(object, this.#storedSchema),
    };
  }

  #deprecation(): string | undefined {
    const { deprecated, deprecationWarning, name } = this.#version;
    if (!deprecated) return undefined;
    if (deprecationWarning !== undefined) return deprecationWarning;
    const { group, names, versions } = this.#crd.spec;
    const [newest] = versions
      .filter((v) => v.served && !v.deprecated && compareKubeVersions(v.name, name) < 0)
      .map((v) => v.name)
      .sort(compareKubeVersions);
    const text = `${group}/${name} ${names.kind} is deprecated`;
    return newest === undefined ? text : `${text}; use ${group}/${newest} ${names.kind}`;
  }

  /** @throws ApiError Forbidden */
  #refuseWhileTerminating({ metadata }: Custom, { services }: Context): void {
    const crd = services.reader.get(customresourcedefinitions, '', this.#crd.metadata.name);
    if (!crd || !isTrue(crd, 'Terminating')) return;
    const resource = { group: this.#crd.spec.group, resource: this.#crd.spec.names.plural };
    throw errors.forbidden(resource, metadata.name, 'create not allowed while custom resource definition is terminating');
  }

  #validate(object: Custom, old?: Custom): FieldError[] {
    return [
      ...validateValue(object, undefined, this.#schema, old && { value: old }),
      ...validateScale(object, this.#version.subresources?.scale, 'all'),
      ...validateEmbedded(object, undefined, this.#schema, false),
      ...this.#listErrors(object, old),
    ];
  }

  #validateStatus(object: Custom, old: Custom): FieldError[] {
    const schema = propertyOf(this.#schema, 'status');
    return [
      ...(object.status === undefined ? [] : validateValue(object.status, at('status'), schema, { value: old.status })),
      ...validateScale(object, this.#version.subresources?.scale, 'status'),
      ...this.#listErrors(object, old),
    ];
  }

  /** What occurred twice before an update may do so after it. */
  #listErrors(object: Custom, old: Custom | undefined): FieldError[] {
    const wrong = validateListTypes(object, at(), this.#schema);
    return wrong.length === 0 || (old && validateListTypes(old, at(), this.#schema).length > 0) ? [] : wrong;
  }
}

function withoutMetadata({ metadata: _metadata, ...rest }: KubeObject): object {
  return rest;
}

function finalizerWarnings({ metadata }: KubeObject, old: KubeObject | undefined): string[] {
  const known = new Set(old?.metadata.finalizers);
  const added = [...new Set(metadata.finalizers)].filter((f) => !known.has(f)).sort();
  return added.flatMap((name) => {
    const shown = `metadata.finalizers: ${JSON.stringify(name)}: `;
    const text = `prefer a domain-qualified finalizer name${name.includes('.') ? ' including a path (/)' : ''} to avoid accidental conflicts with other finalizer writers`;
    const isPlain = !name.includes('/') && !STANDARD_FINALIZERS.includes(name);
    return [...isQualifiedName(name).map((m) => shown + m), ...(isPlain ? [shown + text] : [])];
  });
}
