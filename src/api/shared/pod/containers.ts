// Containers of a pod: main, init (with sidecars) and ephemeral ones.
import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
  tooMany,
} from '../../meta/field-errors.js';
import { isPortName, isPortNumber } from '../../meta/names.js';
import type { Container, ContainerPort, ContainerResizePolicy, EphemeralContainer, PodSpec } from '../../types/core-v1.gen.js';
import { invalids, requireText, validateChoice, validateDNSLabel } from '../../meta/checks.js';
import { validateEnv, validateEnvFrom } from './env.js';
import { validateMounts } from './mounts.js';
import { validateProbes } from './probes.js';
import { validateContainerResources } from './resource-rules.js';
import { isSidecar } from './resources.js';
import { validateSecurityContext } from './security.js';
import type { Volumes } from './volumes.js';

/** What containers are checked against. */
export interface ContainerScope {
  readonly spec: PodSpec;
  readonly volumes: Volumes;
  /** Names of the pod's resource claims. */
  readonly claims: ReadonlySet<string>;
  readonly allowPrivileged: boolean;
}

/** @returns all that is wrong with the containers of all kinds; `path` is that of the spec */
export function validateAllContainers(scope: ContainerScope, path: FieldPath): FieldError[] {
  return [
    ...validateMain(scope, path.child('containers')),
    ...validateInit(scope, path.child('initContainers')),
    ...validateEphemeral(scope, path.child('ephemeralContainers')),
  ];
}

function validateMain(scope: ContainerScope, path: FieldPath): FieldError[] {
  const containers = scope.spec.containers ?? [];
  if (containers.length === 0) return [required(path)];
  const names = new Set<string>();
  const errors = containers.flatMap((container, i) => {
    const at = path.index(i);
    const own = validateCommon(container, at, scope);
    if (names.has(container.name)) own.push(duplicate(at.child('name'), container.name));
    names.add(container.name);
    own.push(...validateProbes(container, at, scope.spec.terminationGracePeriodSeconds));
    return [...own, ...validateRestartPolicy(container, at)];
  });
  return [...errors, ...validateHostPorts(containers, path)];
}

function validateInit(scope: ContainerScope, path: FieldPath): FieldError[] {
  const names = new Set((scope.spec.containers ?? []).map((c) => c.name));
  return (scope.spec.initContainers ?? []).flatMap((container, i) => {
    const at = path.index(i);
    const sidecar = isSidecar(container);
    const errors = [...validateCommon(container, at, scope), ...validateInitRestartPolicy(container, at)];
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name));
    else if (container.name) names.add(container.name);
    // upstream counts the ports of each init container from the first index
    errors.push(...validateHostPorts([container], path));
    if (sidecar) return [...errors, ...validateProbes(container, at, scope.spec.terminationGracePeriodSeconds)];
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
      if (container[field]) errors.push(forbidden(at.child(field), 'may not be set for init containers without restartPolicy=Always'));
    for (const [j, { restartPolicy }] of (container.resizePolicy ?? []).entries())
      if (restartPolicy === 'RestartContainer')
        errors.push(
          invalid(
            at.child('resizePolicy').index(j).child('restartPolicy'),
            restartPolicy,
            "must not be set to 'RestartContainer' for non-sidecar initContainers",
          ),
        );
    return errors;
  });
}

/** Ephemeral containers are for debugging: they join a running pod and can have nothing that a scheduler must know of. */
const NOT_EPHEMERAL = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const satisfies (keyof EphemeralContainer)[];

function validateEphemeral(scope: ContainerScope, path: FieldPath): FieldError[] {
  const others = new Set([...(scope.spec.containers ?? []), ...(scope.spec.initContainers ?? [])].map((c) => c.name));
  const names = new Set(others);
  return (scope.spec.ephemeralContainers ?? []).flatMap((container, i) => {
    const at = path.index(i);
    const errors = [...validateCommon(container, at, scope), ...validateImageSpaces(container, at)];
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name));
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !others.has(target)) errors.push(notFound(at.child('targetContainerName'), target));
    for (const field of NOT_EPHEMERAL)
      if (isSet(container[field])) errors.push(forbidden(at.child(field), 'cannot be set for an Ephemeral Container'));
    for (const [j, mount] of (container.volumeMounts ?? []).entries())
      for (const field of ['subPath', 'subPathExpr'] as const)
        if (mount[field])
          errors.push(forbidden(at.child('volumeMounts').index(j).child(field), 'cannot be set for an Ephemeral Container'));
    return errors;
  });
}

// resources are a part of every container, which may be empty
function isSet(value: unknown): boolean {
  return value !== undefined && (typeof value !== 'object' || value === null || Object.values(value).some((v) => v !== undefined));
}

function validateCommon(container: Container | EphemeralContainer, path: FieldPath, scope: ContainerScope): FieldError[] {
  const { spec } = scope;
  const hostUsers = spec.hostUsers !== false;
  return [
    ...(container.name ? validateDNSLabel(container.name, path.child('name')) : [required(path.child('name'))]),
    ...requireText(container.image, path.child('image')),
    ...validateChoice(container.terminationMessagePolicy, path.child('terminationMessagePolicy'), ['File', 'FallbackToLogsOnError']),
    ...validatePorts(container.ports ?? [], path.child('ports')),
    ...validateEnv(container.env ?? [], path.child('env')),
    ...validateEnvFrom(container.envFrom ?? [], path.child('envFrom')),
    ...validateMounts(container, path, scope.volumes),
    ...validateChoice(container.imagePullPolicy, path.child('imagePullPolicy'), ['Always', 'IfNotPresent', 'Never']),
    ...validateContainerResources(container.resources, path.child('resources'), scope.claims),
    ...validateResizePolicy(container.resizePolicy ?? [], path.child('resizePolicy'), spec.restartPolicy),
    ...validateSecurityContext(container.securityContext, path.child('securityContext'), {
      hostUsers,
      allowPrivileged: scope.allowPrivileged,
    }),
  ];
}

/** Pods, unlike templates, may not have images with spaces around them. */
export function validateImageSpaces(container: { image?: string | undefined }, path: FieldPath): FieldError[] {
  const image = container.image ?? '';
  return image.trim() === image ? [] : [invalid(path.child('image'), image, 'must not have leading or trailing whitespace')];
}

function validatePorts(ports: readonly ContainerPort[], path: FieldPath): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap(({ name, containerPort, hostPort, protocol }, i) => {
    const at = path.index(i);
    const errors: FieldError[] = [];
    if (name) {
      const wrong = isPortName(name);
      errors.push(...invalids(at.child('name'), name, wrong));
      if (wrong.length === 0 && names.has(name)) errors.push(duplicate(at.child('name'), name));
      names.add(name);
    }
    if (!containerPort) errors.push(required(at.child('containerPort')));
    else errors.push(...invalids(at.child('containerPort'), containerPort, isPortNumber(containerPort)));
    if (hostPort) errors.push(...invalids(at.child('hostPort'), hostPort, isPortNumber(hostPort)));
    return [...errors, ...validateChoice(protocol, at.child('protocol'), ['SCTP', 'TCP', 'UDP'])];
  });
}

function validateHostPorts(containers: readonly Container[], path: FieldPath): FieldError[] {
  const taken = new Set<string>();
  return containers.flatMap(({ ports = [] }, i) =>
    ports.flatMap(({ protocol, hostIP = '', hostPort }, j) => {
      if (!hostPort) return [];
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) return [duplicate(path.index(i).child('ports').index(j).child('hostPort'), key)];
      taken.add(key);
      return [];
    }),
  );
}

// upstream leaves out which of the policies it is
function validateResizePolicy(policies: readonly ContainerResizePolicy[], path: FieldPath, podPolicy: string | undefined): FieldError[] {
  const seen = new Set<string>();
  return policies.flatMap(({ resourceName, restartPolicy }, i) => {
    const errors: FieldError[] = [];
    if (seen.has(resourceName)) errors.push(duplicate(path.index(i), resourceName));
    seen.add(resourceName);
    errors.push(
      ...validateChoice(resourceName, path, ['cpu', 'memory']),
      ...validateChoice(restartPolicy, path, ['NotRequired', 'RestartContainer']),
    );
    if (podPolicy === 'Never' && restartPolicy !== 'NotRequired')
      errors.push(invalid(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    return errors;
  });
}

/** Of init containers without a policy upstream does not look at the rules. */
function validateInitRestartPolicy(container: Container, path: FieldPath): FieldError[] {
  const errors = validateRestartPolicy(container, path);
  return container.restartPolicy === undefined ? errors.slice(0, 1) : errors;
}

/** Restart policies and rules of single containers (KEP-5307, KEP-5532). */
function validateRestartPolicy({ restartPolicy, restartPolicyRules: rules = [] }: Container, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const policies = ['Always', 'Never', 'OnFailure'];
  if (restartPolicy === undefined) {
    if (rules.length === 0) return [];
    errors.push(required(path.child('restartPolicy'), 'must specify restartPolicy when restart rules are used'));
  } else if (!policies.includes(restartPolicy)) errors.push(notSupported(path.child('restartPolicy'), restartPolicy, policies));
  if (rules.length > 20) errors.push(tooMany(path.child('restartPolicyRules'), rules.length, 20));
  for (const [i, { action, exitCodes }] of rules.entries()) {
    const at = path.child('restartPolicyRules').index(i);
    errors.push(...validateChoice(action, at.child('action'), ['Restart', 'RestartAllContainers'], 'unsupported'));
    if (!exitCodes) {
      errors.push(required(at.child('exitCodes'), 'must be specified'));
      continue;
    }
    errors.push(...validateChoice(exitCodes.operator, at.child('exitCodes', 'operator'), ['In', 'NotIn'], 'unsupported'));
    const count = exitCodes.values?.length ?? 0;
    if (count > 255) errors.push(tooMany(at.child('exitCodes', 'values'), count, 255));
  }
  return errors;
}
