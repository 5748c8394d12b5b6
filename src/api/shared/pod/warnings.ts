// Warnings about pods and templates: legal, but probably not meant (k8s.io/kubernetes/pkg/api/pod/warnings.go).
import { FieldPath } from '../../meta/field-errors.js';
import { isLabelValue } from '../../meta/names.js';
import { parse } from '../../meta/quantity.js';
import { SECCOMP_POD_ANNOTATION } from '../../meta/well-known.js';
import type { EnvVar, NodeSelectorTerm, Pod, PodSpec, PodTemplateSpec, Volume } from '../../types/core-v1.gen.js';
import { warningsForIP } from '../ip.js';
import { overlapWarnings } from './overlaps.js';
import { portWarnings } from './port-warnings.js';
import { type Placed, placedContainers } from './visit.js';

type Annotations = Readonly<Record<string, string>>;

/** Warnings for a new pod; those about AppArmor annotations come when they are applied. */
export function podWarnings({ metadata, spec }: Pod): string[] {
  return firsts(specWarnings(spec, metadata.annotations ?? {}, new FieldPath()));
}

/** @param path where the template stands: spec.template */
export function templateWarnings(template: PodTemplateSpec | undefined, path: FieldPath): string[] {
  if (!template?.spec) return [];
  const annotations = template.metadata?.annotations ?? {};
  return [...firsts(specWarnings(template.spec, annotations, path)), ...appArmorWarnings(template.spec, annotations, path)];
}

/** More than these no answer has room for (handlers/warnings.ts), and pairs of thousands of ports may be millions. */
const MAX_TOLD = 1000;

function firsts(warnings: Generator<string>): string[] {
  const told: string[] = [];
  for (const text of warnings) if (told.push(text) === MAX_TOLD) break;
  return told;
}

function warning(path: FieldPath, text: string): string {
  return `${path.toString()}: ${text}`;
}

/** Node labels that have a better successor, and what upstream says about them. */
export const NODE_LABELS: Annotations = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

const DEAD_ANNOTATIONS: Annotations = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

/** Volume sources by their age; `storageos` is shown in another spelling. */
const DEAD_VOLUMES: readonly (readonly [keyof Volume, string, string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

function* specWarnings(spec: PodSpec, annotations: Annotations, root: FieldPath): Generator<string> {
  const path = root.child('spec');
  const containers = placedContainers(spec, path);
  yield* nodeLabelWarnings(spec, path);
  for (const [key, text] of Object.entries(DEAD_ANNOTATIONS))
    if (annotations[key] !== undefined) yield warning(root.child('metadata', 'annotations').key(key), text);
  yield* volumeWarnings(spec, path.child('volumes'));
  yield* duplicateWarnings(spec, path);
  for (const name of ['memory', 'ephemeral-storage']) yield* fractionWarnings(spec.overhead?.[name], path.child('overhead').key(name));
  if (!spec.securityContext?.seccompProfile) yield* seccompWarning(SECCOMP_POD_ANNOTATION, annotations, root);
  for (const placed of containers) yield* containerWarnings(placed, annotations, root);
  yield* portWarnings(containers);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0)
    yield warning(path.child('terminationGracePeriodSeconds'), 'must be >= 0; negative values are invalid and will be treated as 1');
  yield* selectorWarnings(spec, path);
  for (const [i, server] of (spec.dnsConfig?.nameservers ?? []).entries())
    yield* warningsForIP(path.child('dnsConfig', 'nameservers').index(i), server);
  for (const [i, { ip }] of (spec.hostAliases ?? []).entries()) yield* warningsForIP(path.child('hostAliases').index(i).child('ip'), ip);
}

function* nodeLabelWarnings(spec: PodSpec, path: FieldPath): Generator<string> {
  for (const key of Object.keys(spec.nodeSelector ?? {}))
    if (NODE_LABELS[key]) yield warning(path.child('nodeSelector').key(key), NODE_LABELS[key]);
  const affinity = spec.affinity?.nodeAffinity;
  const at = path.child('affinity', 'nodeAffinity');
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  for (const [i, term] of terms.entries())
    yield* termWarnings(term, false, at.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms').index(i));
  for (const [i, { preference }] of (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries())
    yield* termWarnings(preference, true, at.child('preferredDuringSchedulingIgnoredDuringExecution').index(i).child('preference'));
  for (const [i, constraint] of (spec.topologySpreadConstraints ?? []).entries()) {
    const where = path.child('topologySpreadConstraints').index(i);
    const key = constraint.topologyKey;
    if (NODE_LABELS[key]) yield warning(where.child('topologyKey'), `${key} is ${NODE_LABELS[key]}`);
    if (!constraint.labelSelector) yield warning(where.child('labelSelector'), 'a null labelSelector results in matching no pod');
  }
}

/** Warnings about labels and values in one term of a node selector. */
export function* termWarnings(term: NodeSelectorTerm, checkValues: boolean, path: FieldPath): Generator<string> {
  for (const [i, { key, values = [] }] of (term.matchExpressions ?? []).entries()) {
    const at = path.child('matchExpressions').index(i);
    if (NODE_LABELS[key]) yield warning(at.child('key'), `${key} is ${NODE_LABELS[key]}`);
    if (!checkValues) continue;
    for (const [j, value] of values.entries())
      for (const message of isLabelValue(value)) yield warning(at.child('values').index(j), `${value} is invalid, ${message}`);
  }
}

function* volumeWarnings({ volumes = [] }: PodSpec, path: FieldPath): Generator<string> {
  for (const [i, volume] of volumes.entries()) {
    for (const [field, shown, text] of DEAD_VOLUMES) if (volume[field] !== undefined) yield warning(path.index(i).child(shown), text);
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec;
    if (claim) yield* claimWarnings(claim, path.index(i).child('ephemeral', 'volumeClaimTemplate', 'spec'));
  }
  yield* overlapWarnings(volumes);
}

/** Claims whose size is not a whole number of bytes. */
export function* claimWarnings(
  spec: { resources?: { requests?: Record<string, string> | undefined; limits?: Record<string, string> | undefined } | undefined },
  path: FieldPath,
): Generator<string> {
  for (const side of ['requests', 'limits'] as const)
    yield* fractionWarnings(spec.resources?.[side]?.storage, path.child('resources', side).key('storage'));
}

function* fractionWarnings(amount: string | undefined, path: FieldPath): Generator<string> {
  if (amount !== undefined && parse(amount).nanos % 1_000_000_000n !== 0n)
    yield warning(path, `fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`);
}

function* duplicateWarnings({ hostAliases = [], imagePullSecrets = [] }: PodSpec, path: FieldPath): Generator<string> {
  const ips = new Set<string>();
  for (const [i, { ip }] of hostAliases.entries()) {
    if (ips.has(ip)) yield warning(path.child('hostAliases').index(i).child('ip'), `duplicate ip ${JSON.stringify(ip)}`);
    ips.add(ip);
  }
  const at = path.child('imagePullSecrets');
  const names = new Set<string>();
  for (const [i, { name = '' }] of imagePullSecrets.entries()) {
    if (names.has(name)) yield warning(at.index(i).child('name'), `duplicate name ${JSON.stringify(name)}`);
    names.add(name);
  }
  for (const [i, { name }] of imagePullSecrets.entries()) if (!name) yield warning(at.index(i).child('name'), 'invalid empty name ""');
}

function* seccompWarning(key: string, annotations: Annotations, root: FieldPath): Generator<string> {
  if (annotations[key] !== undefined)
    yield warning(root.child('metadata', 'annotations').key(key), 'non-functional in v1.27+; use the "seccompProfile" field instead');
}

function* containerWarnings({ container, path }: Placed, annotations: Annotations, root: FieldPath): Generator<string> {
  if (!container.securityContext?.seccompProfile)
    yield* seccompWarning(`container.seccomp.security.alpha.kubernetes.io/${container.name}`, annotations, root);
  for (const name of ['memory', 'ephemeral-storage'])
    for (const side of ['limits', 'requests'] as const)
      yield* fractionWarnings(container.resources?.[side]?.[name], path.child('resources', side).key(name));
  yield* envWarnings(container.env ?? [], path.child('env'));
}

function* envWarnings(env: readonly EnvVar[], path: FieldPath): Generator<string> {
  const seen = new Set<string>();
  for (const [i, { name, value = '', valueFrom }] of env.entries()) {
    const reference = `$(${name})`;
    // a later definition may extend an earlier one: PATH=$(PATH):/more
    const extends_ = !valueFrom && value !== reference && value.includes(reference);
    if (seen.has(name) && !extends_)
      yield warning(path.index(i), `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`);
    seen.add(name);
  }
}

function* selectorWarnings({ affinity }: PodSpec, path: FieldPath): Generator<string> {
  const text = 'a null labelSelector results in matching no pod';
  for (const side of ['podAffinity', 'podAntiAffinity'] as const) {
    const at = path.child('affinity', side);
    for (const [i, term] of (affinity?.[side]?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries())
      if (!term.labelSelector)
        yield warning(at.child('requiredDuringSchedulingIgnoredDuringExecution').index(i).child('labelSelector'), text);
    for (const [i, { podAffinityTerm }] of (affinity?.[side]?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      const where = at.child('preferredDuringSchedulingIgnoredDuringExecution').index(i).child('podAffinityTerm', 'labelSelector');
      if (!podAffinityTerm.labelSelector) yield warning(where, text);
    }
  }
}

function* appArmorWarnings(spec: PodSpec, annotations: Annotations, root: FieldPath): Generator<string> {
  for (const { container } of placedContainers(spec, root.child('spec'))) {
    const key = `container.apparmor.security.beta.kubernetes.io/${container.name}`;
    if (container.securityContext?.appArmorProfile || annotations[key] === undefined) continue;
    if (appArmorName(spec.securityContext?.appArmorProfile) !== annotations[key])
      yield warning(root.child('metadata', 'annotations').key(key), 'deprecated since v1.30; use the "appArmorProfile" field instead');
  }
}

/** The old annotation that says the same as a profile. */
function appArmorName(profile: { type: string; localhostProfile?: string | undefined } | undefined): string | undefined {
  if (profile?.type === 'Localhost') return `localhost/${profile.localhostProfile}`;
  return profile && { Unconfined: 'unconfined', RuntimeDefault: 'runtime/default' }[profile.type];
}
