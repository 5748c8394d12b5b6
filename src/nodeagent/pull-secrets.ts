// Which credentials of a pod's imagePullSecrets open an image's repository (pkg/credentialprovider).
import type { Pod, Secret } from '../api/types/core-v1.gen.js';
import type { PodEvents } from './pod-events.js';
import type { Credentials } from './runtime.js';
import type { Sources } from './sources.js';

/** An entry of a Docker configuration file. */
interface Login {
  readonly username?: string;
  readonly password?: string;
  /** base64 of USERNAME:PASSWORD. */
  readonly auth?: string;
}

type Logins = Readonly<Record<string, Login>>;

/** docker.io goes by this name where people log in. */
const DEFAULT_REGISTRY = 'index.docker.io';

/** The pod's secrets that are there; an event names those that are not. */
export async function pullSecrets(pod: Pod, sources: Sources, events: PodEvents): Promise<readonly Secret[]> {
  const { namespace = '' } = pod.metadata;
  const names = (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) => (name ? [name] : []));
  const found = await Promise.all(names.map((name) => sources.secret(namespace, name).catch(() => undefined)));
  const missing = names.filter((_, i) => found[i] === undefined);
  if (missing.length > 0) {
    const message = `Unable to retrieve some image pull secrets (${missing.join(', ')}); attempting to pull the image may not succeed.`;
    events.pod(pod, 'Warning', 'FailedToRetrieveImagePullSecret', message);
  }
  return found.flatMap((secret) => secret ?? []);
}

/**
 * Who may read a repository, the most special entry first: an entry may name a host, with `*` in its parts, and the beginning
 * of a path.
 * @param repository with its registry, without a tag
 */
export function credentialsFor(repository: string, secrets: readonly Secret[]): Credentials[] {
  const entries = secrets
    .flatMap((secret) => Object.entries(loginsOf(secret)))
    .map(([location, login]) => ({ key: keyOf(location), ...userOf(login) }))
    .sort((a, b) => (a.key < b.key ? 1 : a.key > b.key ? -1 : 0));
  const special = entries.filter(({ key }) => matches(key, repository));
  const fallback = repository.startsWith('docker.io/') ? entries.filter(({ key }) => key.split('/')[0] === DEFAULT_REGISTRY) : [];
  return (special.length > 0 ? special : fallback).map(({ username, password }) => ({ username, password }));
}

/** What does not read as a Docker configuration opens nothing. */
function loginsOf({ type, data }: Secret): Logins {
  const text = (key: string) => Buffer.from(data?.[key] ?? '', 'base64').toString();
  try {
    if (type === 'kubernetes.io/dockerconfigjson') return (JSON.parse(text('.dockerconfigjson')) as { auths?: Logins }).auths ?? {};
    if (type === 'kubernetes.io/dockercfg') return JSON.parse(text('.dockercfg')) as Logins;
  } catch {
    // checked when it was written, so this is a secret of another making
  }
  return {};
}

function userOf({ username = '', password = '', auth }: Login): Credentials {
  if (!auth) return { username, password };
  const decoded = Buffer.from(auth, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon < 0 ? { username, password } : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

/** Host and path: no scheme; /v1/ and /v2/ mean the whole registry. */
function keyOf(location: string): string {
  return location
    .replace(/^https?:\/\//, '')
    .replace(/^([^/]*)\/v[12]\//, '$1/')
    .replace(/\/$/, '');
}

function matches(key: string, repository: string): boolean {
  const [keyHost, keyPath] = split(key);
  const [host, path] = split(repository);
  const pattern = keyHost
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '[^.:]*')
    .replaceAll('?', '[^.:]');
  return new RegExp(`^${pattern}$`).test(host) && path.startsWith(keyPath);
}

function split(text: string): [host: string, path: string] {
  const slash = text.indexOf('/');
  return slash < 0 ? [text, ''] : [text.slice(0, slash), text.slice(slash)];
}
