// The environment of a container, resolved as the kubelet does: services, then envFrom, then env (kubelet_pods.go
// makeEnvironmentVariables, envvars/envvars.go).
import type { Container, EnvVar, EnvVarSource, Pod, Service } from '../api/types/core-v1.gen.js';
import { fieldValue, type Place, resourceValue } from './downward.js';
import type { Sources } from './sources.js';
import { hostPort } from '../util/host-port.js';

/** A reference that cannot be resolved: the container gets CreateContainerConfigError with this message. */
export class ConfigError extends Error {}

/** The variables of a container, and its command with them filled in. */
export interface Environment {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[] | undefined;
}

/** @throws ConfigError, or ApiError when the server refuses */
export async function environment(pod: Pod, container: Container, place: Place, sources: Sources): Promise<Environment> {
  const service = serviceVariables(pod, sources);
  const own = new Map<string, string>();
  for (const from of container.envFrom ?? []) {
    const data = from.configMapRef
      ? await wholeConfigMap(sources, pod, from.configMapRef)
      : from.secretRef
        ? await wholeSecret(sources, pod, from.secretRef)
        : [];
    for (const [key, text] of data) own.set(`${from.prefix ?? ''}${key}`, text);
  }
  const lookup = (name: string) => own.get(name) ?? service.get(name);
  for (const variable of container.env ?? []) {
    const text = await variableValue(variable, pod, container, place, sources, lookup);
    if (text !== undefined) own.set(variable.name, text);
  }
  const all = new Map([...service, ...own]);
  const expand = (text: string) => expandReferences(text, (name) => all.get(name));
  return {
    env: [...all].map(([name, text]) => ({ name, value: text })),
    command: container.command?.map(expand),
    args: container.args?.map(expand),
  };
}

/** Replaces $(NAME) by its value, leaves unknown names as they are, and $$ stands for $. (third_party/forked/golang/expansion) */
function expandReferences(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, escaped: string, name: string | undefined) =>
    escaped === '$' ? '$' : (lookup(name ?? '') ?? whole),
  );
}

async function variableValue(
  variable: EnvVar,
  pod: Pod,
  container: Container,
  place: Place,
  sources: Sources,
  lookup: (name: string) => string | undefined,
): Promise<string | undefined> {
  if (variable.value) return expandReferences(variable.value, lookup);
  if (!variable.valueFrom) return '';
  try {
    return await sourceValue(variable.valueFrom, pod, container, place, sources);
  } catch (error) {
    if (error instanceof Error && error.constructor === Error) throw new ConfigError(error.message);
    throw error;
  }
}

async function sourceValue(
  from: EnvVarSource,
  pod: Pod,
  container: Container,
  place: Place,
  sources: Sources,
): Promise<string | undefined> {
  const namespace = pod.metadata.namespace ?? '';
  if (from.fieldRef) return fieldValue(from.fieldRef, pod, place);
  if (from.resourceFieldRef) return resourceValue(from.resourceFieldRef, pod, container, place);
  if (from.configMapKeyRef) {
    const { name = '', key, optional } = from.configMapKeyRef;
    const map = await sources.configMap(namespace, name);
    if (!map && !optional) throw new ConfigError(`configmap ${JSON.stringify(name)} not found`);
    const text = map?.data?.[key];
    if (text === undefined && !optional) throw new ConfigError(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    return text;
  }
  if (from.secretKeyRef) {
    const { name = '', key, optional } = from.secretKeyRef;
    const secret = await sources.secret(namespace, name);
    if (!secret && !optional) throw new ConfigError(`secret ${JSON.stringify(name)} not found`);
    const data = secret?.data?.[key];
    if (data === undefined && !optional) throw new ConfigError(`couldn't find key ${key} in Secret ${namespace}/${name}`);
    return data === undefined ? undefined : Buffer.from(data, 'base64').toString();
  }
  throw new ConfigError('kubemu does not implement fileKeyRef');
}

async function wholeConfigMap(
  sources: Sources,
  pod: Pod,
  { name = '', optional }: { name?: string | undefined; optional?: boolean | undefined },
): Promise<[string, string][]> {
  const map = await sources.configMap(pod.metadata.namespace ?? '', name);
  if (!map && !optional) throw new ConfigError(`configmap ${JSON.stringify(name)} not found`);
  return Object.entries(map?.data ?? {});
}

async function wholeSecret(
  sources: Sources,
  pod: Pod,
  { name = '', optional }: { name?: string | undefined; optional?: boolean | undefined },
): Promise<[string, string][]> {
  const secret = await sources.secret(pod.metadata.namespace ?? '', name);
  if (!secret && !optional) throw new ConfigError(`secret ${JSON.stringify(name)} not found`);
  return Object.entries(secret?.data ?? {}).map(([key, data]) => [key, Buffer.from(data, 'base64').toString()]);
}

function hasAddress(service: Service): boolean {
  const ip = service.spec?.clusterIP;
  return ip !== undefined && ip !== '' && ip !== 'None';
}

/** Variables of the services of the namespace (unless the pod asks for none) and of the API server's. */
function serviceVariables(pod: Pod, sources: Sources): Map<string, string> {
  const found = new Map<string, Service>();
  for (const service of sources.services('default'))
    if (service.metadata.name === 'kubernetes' && hasAddress(service)) found.set('kubernetes', service);
  if (pod.spec.enableServiceLinks ?? true)
    for (const service of sources.services(pod.metadata.namespace ?? ''))
      if (hasAddress(service)) found.set(service.metadata.name, service);
  return new Map([...found.values()].flatMap(variablesOf));
}

function variablesOf(service: Service): [string, string][] {
  const prefix = service.metadata.name.toUpperCase().replaceAll('-', '_');
  const ip = service.spec?.clusterIP ?? '';
  const ports = service.spec?.ports ?? [];
  const [first] = ports;
  if (!first) return [];
  const result: [string, string][] = [
    [`${prefix}_SERVICE_HOST`, ip],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
  ];
  for (const port of ports)
    if (port.name) result.push([`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`, String(port.port)]);
  for (const port of ports) {
    const protocol = port.protocol ?? 'TCP';
    const address = `${protocol.toLowerCase()}://${hostPort(ip, port.port)}`;
    const link = `${prefix}_PORT_${port.port}_${protocol}`;
    if (port === first) result.push([`${prefix}_PORT`, address]);
    result.push([link, address], [`${link}_PROTO`, protocol.toLowerCase()], [`${link}_PORT`, String(port.port)], [`${link}_ADDR`, ip]);
  }
  return result;
}
