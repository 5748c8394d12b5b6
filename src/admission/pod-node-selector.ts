// The pods of a namespace run on the nodes that an annotation of the namespace selects, else on those that the configuration does.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#podnodeselector
import type { AdmissionAttributes } from '../api/admission.js';
import * as errors from '../api/meta/errors.js';
import { show } from '../api/meta/field-errors.js';
import { isLabelValue, isQualifiedName } from '../api/meta/names.js';
import { goQuote } from '../api/meta/quote.js';
import { namespaces } from '../api/meta/resources.gen.js';
import { isObject } from '../util/json.js';
import type { ConfigurationDocument } from './configuration/document.js';
import { type ConfiguredStep, isCore, podOf, type Rules } from './step.js';

const ANNOTATION = 'scheduler.alpha.kubernetes.io/node-selector';
/** The part of the configuration that counts, and what in it is no namespace. */
const CONFIGURATION = 'podNodeSelectorPluginConfig';
const DEFAULT = 'clusterDefaultNodeSelector';

/** Labels as texts, by namespace: those that its pods may ask for. */
type Selectors = Readonly<Record<string, string>>;

export const podNodeSelector: ConfiguredStep = {
  name: 'PodNodeSelector',
  onByDefault: false,
  configure: (document) => rulesFor(readSelectors(document)),
};

/** As upstream it has no version, and its labels are read when they are needed. @throws UserError when it is no map of texts */
function readSelectors(document: ConfigurationDocument | undefined): Selectors {
  const { value } = document ?? {};
  if (document === undefined || value === undefined || value === null) return {};
  if (!isObject(value)) throw document.error(`must be an object with ${CONFIGURATION}`);
  const selectors = value[CONFIGURATION] ?? {};
  if (!isObject(selectors)) throw document.error(`${CONFIGURATION}: must be a map of label selectors by namespace`);
  for (const [name, selector] of Object.entries(selectors))
    if (typeof selector !== 'string') throw document.error(`${CONFIGURATION}.${name}: must be text, not ${show(selector)}`);
  return selectors as Selectors;
}

function rulesFor(selectors: Selectors): Rules {
  return {
    handles: (attributes) => isCore(attributes, 'pods'),
    mutate(attributes) {
      const selector = agreedSelector(selectors, attributes);
      const { spec } = podOf(attributes);
      const merged = { ...selector, ...spec.nodeSelector };
      if (Object.keys(merged).length > 0) spec.nodeSelector = merged;
      checkAllowed(selectors, attributes);
    },
    validate(attributes) {
      agreedSelector(selectors, attributes);
      checkAllowed(selectors, attributes);
    },
  };
}

/** The selector of the namespace. @throws ApiError when it cannot be read, or when the pod wants something else */
function agreedSelector(selectors: Selectors, attributes: AdmissionAttributes): Selectors {
  const { namespace, context } = attributes;
  const annotated = context.services.reader.get(namespaces, '', namespace)?.metadata.annotations?.[ANNOTATION];
  const selector = parse(annotated ?? selectors[DEFAULT] ?? '');
  const { spec } = podOf(attributes);
  const conflicts = Object.entries(spec.nodeSelector ?? {}).some(([key, value]) => Object.hasOwn(selector, key) && selector[key] !== value);
  if (conflicts) throw refusal(attributes, 'pod node label selector conflicts with its namespace node label selector');
  return selector;
}

/** @throws ApiError when the pod asks for labels that the configuration does not allow its namespace */
function checkAllowed(selectors: Selectors, attributes: AdmissionAttributes): void {
  const allowed = parse((Object.hasOwn(selectors, attributes.namespace) && selectors[attributes.namespace]) || '');
  if (Object.keys(allowed).length === 0) return;
  const wanted = Object.entries(podOf(attributes).spec.nodeSelector ?? {});
  if (!wanted.every(([key, value]) => Object.hasOwn(allowed, key) && allowed[key] === value))
    throw refusal(attributes, 'pod node label selector labels conflict with its namespace whitelist');
}

function refusal(attributes: AdmissionAttributes, cause: string): errors.ApiError {
  return errors.forbidden(attributes.definition, podOf(attributes).metadata.name ?? '', cause);
}

/** `a=b,c=d` (apimachinery's labels.ConvertSelectorToLabelsMap, with its messages) */
function parse(text: string): Record<string, string> {
  const labels = text === '' ? [] : text.split(',').map((label) => label.split('='));
  return Object.fromEntries(
    labels.map((parts) => {
      const [key = '', value = ''] = parts.map((part) => part.trim());
      if (parts.length !== 2) throw new errors.ApiError({ code: 500, message: `invalid selector: [${parts.join(' ')}]` });
      check('<nil>', key, isQualifiedName(key));
      check(`[${key}]`, value, isLabelValue(value));
      return [key, value];
    }),
  );
}

function check(path: string, value: string, problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new errors.ApiError({ code: 500, message: `${path}: Invalid value: ${goQuote(value)}: ${problems.join('; ')}` });
}
