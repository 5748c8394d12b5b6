// Annotations of a namespace say what its pods tolerate, and what they may; the configuration says it for all others.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#podtolerationrestriction
import type { AdmissionAttributes } from '../api/admission.js';
import * as errors from '../api/meta/errors.js';
import { at } from '../api/meta/field-errors.js';
import { namespaces } from '../api/meta/resources.gen.js';
import { MEMORY_PRESSURE_TAINT } from '../api/meta/well-known.js';
import { listType, typeOf } from '../api/schema/types.js';
import { jsonArrayError } from '../api/shared/go-json.js';
import { qosClass } from '../api/shared/pod/resources.js';
import { validateTolerations } from '../api/shared/pod/scheduling.js';
import { covers, mergeTolerations } from '../api/shared/tolerations.js';
import type { Toleration } from '../api/types/core-v1.gen.js';
import { jsonKind } from '../util/json.js';
import { type ConfigurationDocument, type DocumentType, documentType } from './configuration/document.js';
import { type ConfiguredStep, isCore, podOf, type Rules } from './step.js';

const DEFAULTS = 'scheduler.alpha.kubernetes.io/defaultTolerations';
const ALLOWED = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist';
const UNDER_PRESSURE: Toleration = { key: MEMORY_PRESSURE_TAINT, operator: 'Exists', effect: 'NoSchedule' };

/** For pods of namespaces without such an annotation. */
interface Configuration {
  readonly default?: readonly Toleration[];
  readonly whitelist?: readonly Toleration[];
}

export const podTolerationRestriction: ConfiguredStep = {
  name: 'PodTolerationRestriction',
  onByDefault: false,
  configure: (document) => rulesFor(readConfiguration(document)),
};

/** @throws UserError when it is wrong */
function readConfiguration(document: ConfigurationDocument | undefined): Configuration {
  if (!document) return {};
  const tolerations = listType(typeOf('io.k8s.api.core.v1.Toleration'));
  const type: DocumentType = {
    kinds: [{ apiVersion: 'podtolerationrestriction.admission.k8s.io/v1alpha1', kind: 'Configuration' }],
    type: documentType('v1alpha1.Configuration', { default: tolerations, whitelist: tolerations }),
    strict: false,
  };
  const configuration = document.decode<Configuration>(type);
  const path = at('podtolerationrestriction');
  document.refuse([
    ...validateTolerations(configuration.default ?? [], path.child('default')),
    ...validateTolerations(configuration.whitelist ?? [], path.child('whitelist')),
  ]);
  return configuration;
}

function rulesFor(configuration: Configuration): Rules {
  const checkAllowed = (attributes: AdmissionAttributes): void => {
    const { tolerations = [] } = podOf(attributes).spec;
    if (tolerations.length === 0) return;
    const ofNamespace = tolerationsOf(attributes, ALLOWED);
    const allowed = ofNamespace ?? configuration.whitelist ?? [];
    if (allowed.length === 0 || tolerations.every((toleration) => allowed.some((wider) => covers(wider, toleration)))) return;
    const whose = ofNamespace ? 'namespace' : 'cluster';
    const message = `pod tolerations (possibly merged with namespace default tolerations) conflict with its ${whose} whitelist`;
    throw new errors.ApiError({ code: 500, message });
  };
  return {
    handles: (attributes) => isCore(attributes, 'pods', ['CREATE', 'UPDATE']),
    mutate(attributes) {
      const { spec, status } = podOf(attributes);
      const extra = attributes.operation === 'CREATE' ? [...(tolerationsOf(attributes, DEFAULTS) ?? configuration.default ?? [])] : [];
      if ((status?.qosClass || qosClass(spec)) !== 'BestEffort') extra.push(UNDER_PRESSURE);
      if (extra.length > 0) spec.tolerations = mergeTolerations([...(spec.tolerations ?? []), ...extra]);
      checkAllowed(attributes);
    },
    validate: checkAllowed,
  };
}

/** What an annotation of the namespace lists; undefined: it has none. @throws ApiError when it cannot be read */
function tolerationsOf({ namespace, context }: AdmissionAttributes, annotation: string): Toleration[] | undefined {
  const text = context.services.reader.get(namespaces, '', namespace)?.metadata.annotations?.[annotation];
  if (!text) return text === undefined ? undefined : [];
  const problem = jsonArrayError(text, '[]v1.Toleration');
  if (problem !== undefined) throw new errors.ApiError({ code: 500, message: problem });
  return ((JSON.parse(text) as unknown[] | null) ?? []).map(toleration);
}

/** @throws ApiError with Go's words for a value of another type */
function toleration(value: unknown): Toleration {
  const wrong = (found: string, where: string) =>
    new errors.ApiError({ code: 500, message: `json: cannot unmarshal ${found} into ${where}` });
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong(jsonKind(value), 'Go value of type v1.Toleration');
  const { key, operator, value: text, effect, tolerationSeconds } = value as Record<string, unknown>;
  const fields = Object.entries({ key, operator, value: text, effect, tolerationSeconds }).filter(
    ([, field]) => field !== undefined && field !== null,
  );
  for (const [name, field] of fields) {
    if (name === 'tolerationSeconds' ? Number.isInteger(field) : typeof field === 'string') continue;
    const type = { tolerationSeconds: 'int64', operator: 'v1.TolerationOperator', effect: 'v1.TaintEffect' }[name] ?? 'string';
    const found = type === 'int64' && typeof field === 'number' ? `number ${field}` : jsonKind(field);
    throw wrong(found, `Go struct field Toleration.${name} of type ${type}`);
  }
  return Object.fromEntries(fields);
}
