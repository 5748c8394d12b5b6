import { define } from '../definition.js';
import { invalids } from '../meta/checks.js';
import { at, duplicate, type FieldError, type FieldPath, forbidden, internal, invalid, required } from '../meta/field-errors.js';
import { isConfigMapKey, nameIsDNSLabel, nameIsDNSSubdomain } from '../meta/names.js';
import { age } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import { parsePrefix, validateCIDR, warningsForCIDR } from '../shared/ip.js';
import { jsonSyntaxError } from '../shared/go-json.js';
import { roundQuantities } from '../shared/pod/defaults.js';
import { validateResourceAmounts } from '../shared/resource-names.js';
import { validateTaints } from '../shared/taints.js';
import type { ConfigMapNodeConfigSource, Node, NodeConfigSource } from '../types/core-v1.gen.js';

const AVOID_PODS = 'scheduler.alpha.kubernetes.io/preferAvoidPods';
const ROLE_PREFIX = 'node-role.kubernetes.io/';
const ROLE_LABEL = 'kubernetes.io/role';
const FEATURE = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;
const FEATURE_MAX_LENGTH = 253;

/** Whose pods a node avoids, as an annotation says it. */
interface PodSignature {
  readonly podController?: { readonly controller?: boolean };
}

export default define<Node>({
  group: '',
  version: 'v1',
  resource: 'nodes',
  shownAs: 'minions',
  keepStatusOnCreate: true,
  selectableFields: ['spec.unschedulable'],
  fields: ({ spec }) => ({ 'spec.unschedulable': String(spec.unschedulable ?? false) }),
  subresources: {
    status: {
      prepare: ({ status }, { status: old }) => {
        if (!old.config) status.config = undefined;
      },
      validate: validateChange,
    },
    proxy: { connect: 'tunnel' },
  },
  defaults: ({ spec, status }) => {
    for (const amounts of [status.capacity, status.allocatable]) roundQuantities(amounts);
    if (status.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
    // the single field is of the days before dual-stack; where both differ, it is what an old client meant
    if (spec.podCIDR && spec.podCIDR !== spec.podCIDRs?.[0]) spec.podCIDRs = [spec.podCIDR];
    spec.podCIDR = spec.podCIDRs?.[0];
  },
  prepare: ({ spec }, old) => {
    if (!old?.spec.configSource) spec.configSource = undefined;
  },
  prepareCreate: ({ status }) => {
    status.config = undefined;
  },
  validate,
  validateUpdate: (node, old) => [...validate(node), ...validateChange(node, old)],
  warnings,
  row,
});

function validate(node: Node): FieldError[] {
  const { spec, status } = node;
  const errors = [...validateAvoided(node), ...validateTaints(spec.taints ?? [], at('metadata', 'taints')), ...validateAmounts(node)];
  const swap = status.nodeInfo?.swap?.capacity;
  if (swap !== undefined && swap <= 0)
    errors.push(invalid(at('metadata', 'nodeSwapStatus', 'capacity'), swap, 'must be greater than zero'));
  errors.push(...validateDeclaredFeatures(node));
  const path = at('spec', 'podCIDRs');
  const cidrs = spec.podCIDRs ?? [];
  cidrs.forEach((cidr, i) => errors.push(...validateCIDR(cidr, path.index(i))));
  return cidrs.length > 1 ? [...errors, ...validatePair(cidrs, path)] : errors;
}

/** Several CIDRs must be one of each family. */
function validatePair(cidrs: readonly string[], path: FieldPath): FieldError[] {
  const prefixes = cidrs.map(parsePrefix);
  const unread = prefixes.indexOf(undefined);
  const isPair = unread < 0 && new Set(prefixes.map((p) => p?.family)).size === 2 && cidrs.length === 2;
  return [
    ...(unread < 0
      ? []
      : [
          internal(
            path,
            `invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[${unread}]: <nil> (invalid CIDR address: ${cidrs[unread]})`,
          ),
        ]),
    ...(isPair ? [] : [invalid(path, cidrs, 'may specify no more than one CIDR for each IP family')]),
  ];
}

/** The controllers whose pods a node would rather not have. The scheduler does not ask for them any more; the rules stay. */
function validateAvoided({ metadata }: Node): FieldError[] {
  const text = metadata.annotations?.[AVOID_PODS];
  if (!text) return [];
  const path = at('metadata', 'annotations');
  const problem = jsonSyntaxError(text, 'v1.AvoidPods');
  if (problem !== undefined) return [invalid(path.child('AvoidPods'), AVOID_PODS, problem)];
  const { preferAvoidPods = [] } = (JSON.parse(text) ?? {}) as { preferAvoidPods?: { podSignature?: PodSignature }[] };
  return preferAvoidPods.flatMap(({ podSignature }, i) => {
    const signature = path.child(AVOID_PODS).index(i).child('PodSignature');
    const owner = podSignature?.podController;
    if (!owner) return [required(signature)];
    return owner.controller === true ? [] : [invalid(signature.child('PodController'), false, 'must point to a controller')];
  });
}

function validateAmounts({ status }: Node): FieldError[] {
  return (['capacity', 'allocatable'] as const).flatMap((part) =>
    validateResourceAmounts(status[part], (name) => at('status', part, name)),
  );
}

function validateDeclaredFeatures({ status }: Node): FieldError[] {
  const path = at('status', 'declaredFeatures');
  const features = status.declaredFeatures ?? [];
  return features.flatMap((feature, i) => {
    const errors: FieldError[] = [];
    const quoted = JSON.stringify(feature);
    if (feature.length > FEATURE_MAX_LENGTH)
      errors.push(invalid(path.index(i), feature, `invalid feature name ${quoted}: must be no more than ${FEATURE_MAX_LENGTH} characters`));
    else if (!FEATURE.test(feature))
      errors.push(
        invalid(
          path.index(i),
          feature,
          `invalid feature name ${quoted}: must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`,
        ),
      );
    const next = features[i + 1];
    if (next === feature) errors.push(duplicate(path.index(i + 1), next));
    else if (next !== undefined && feature > next) errors.push(invalid(path.index(i + 1), next, 'list must be sorted alphabetically'));
    return errors;
  });
}

function validateChange(node: Node, old: Node): FieldError[] {
  const errors = [...validateAvoided(node), ...validateAmounts(node), ...validateDeclaredFeatures(node), ...validateAddresses(node)];
  const before = old.spec.podCIDRs ?? [];
  const after = node.spec.podCIDRs ?? [];
  if (before.length > 0) {
    const changes = before.length === after.length ? before.filter((cidr, i) => cidr !== after[i]).length : 1;
    for (let i = 0; i < changes; i++)
      errors.push(forbidden(at('spec', 'podCIDRs'), 'node updates may not change podCIDR except from "" to valid'));
  }
  if (old.spec.providerID && old.spec.providerID !== node.spec.providerID)
    errors.push(forbidden(at('spec', 'providerID'), 'node updates may not change providerID except from "" to valid'));
  errors.push(...validateConfigSources(node), ...validateTaints(node.spec.taints ?? [], at('metadata', 'taints')));
  if ((node.spec.externalID ?? '') !== (old.spec.externalID ?? '')) errors.push(forbidden(at('spec', 'externalID'), 'may not be updated'));
  return errors;
}

function validateAddresses({ status }: Node): FieldError[] {
  const seen = new Set<string>();
  return (status.addresses ?? []).flatMap((address, i) => {
    const key = JSON.stringify([address.type, address.address]);
    const known = seen.has(key);
    seen.add(key);
    return known ? [duplicate(at('status', 'addresses').index(i), goValue(address, 'core.NodeAddress'))] : [];
  });
}

/** spec.configSource and status.config are remains of a removed feature that old nodes may still carry. */
function validateConfigSources({ spec, status }: Node): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.configSource)
    errors.push(
      ...validateConfigSource(spec.configSource, at('spec', 'configSource'), ({ uid, resourceVersion }, path) => [
        ...(uid ? [forbidden(path.child('uid'), 'uid must not be set in spec')] : []),
        ...(resourceVersion ? [forbidden(path.child('resourceVersion'), 'resourceVersion must not be set in spec')] : []),
      ]),
    );
  for (const part of ['assigned', 'active', 'lastKnownGood'] as const) {
    const source = status.config?.[part];
    if (!source) continue;
    errors.push(
      ...validateConfigSource(source, at('status', 'config', part), ({ uid, resourceVersion }, path) => [
        ...(uid ? [] : [required(path.child('uid'))]),
        ...(resourceVersion ? [] : [required(path.child('resourceVersion'))]),
      ]),
    );
  }
  return errors;
}

function validateConfigSource(
  source: NodeConfigSource,
  path: FieldPath,
  own: (map: ConfigMapNodeConfigSource, path: FieldPath) => FieldError[],
): FieldError[] {
  const map = source.configMap;
  if (!map) return [invalid(path, goValue(source, 'core.NodeConfigSource'), 'exactly one reference subfield must be non-nil')];
  const child = path.child('configMap');
  const check = (field: 'namespace' | 'name' | 'kubeletConfigKey', rule: (value: string) => string[]) =>
    map[field] ? invalids(child.child(field), map[field], rule(map[field])) : [required(child.child(field))];
  return [
    ...own(map, child),
    ...check('namespace', (value) => nameIsDNSLabel(value, false)),
    ...check('name', (value) => nameIsDNSSubdomain(value, false)),
    ...check('kubeletConfigKey', isConfigMapKey),
  ];
}

function warnings({ spec }: Node): string[] {
  const texts: string[] = [];
  if (spec.configSource) texts.push('spec.configSource: the feature is removed');
  if (spec.externalID) texts.push('spec.externalID: this field is deprecated, and is unused by Kubernetes');
  return [...texts, ...(spec.podCIDRs ?? []).flatMap((cidr, i) => warningsForCIDR(at('spec', 'podCIDRs').index(i), cidr))];
}

function row(node: Node, { now }: { now: number }): unknown[] {
  const { metadata, spec, status } = node;
  const ready = status.conditions?.findLast((c) => c.type === 'Ready');
  const state = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  const info = status.nodeInfo;
  const addressOf = (type: string) => status.addresses?.find((a) => a.type === type)?.address ?? '<none>';
  return [
    metadata.name,
    spec.unschedulable ? `${state},SchedulingDisabled` : state,
    roles(node).join(',') || '<none>',
    age(node, now),
    info?.kubeletVersion ?? '',
    addressOf('InternalIP'),
    addressOf('ExternalIP'),
    info?.osImage || '<unknown>',
    `${info?.kernelVersion || '<unknown>'}${info?.architecture ? ` (${info.architecture})` : ''}`,
    info?.containerRuntimeVersion || '<unknown>',
  ];
}

function roles({ metadata }: Node): string[] {
  const names = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) =>
    key.startsWith(ROLE_PREFIX) ? [key.slice(ROLE_PREFIX.length)] : key === ROLE_LABEL ? [value] : [],
  );
  return [...new Set(names.filter((name) => name !== ''))].sort();
}
