// What the volumes of a pod hold: configMap, secret, downwardAPI and projected volumes become files here; the runtime puts
// them where the containers see them.
import type { ConfigMap, KeyToPath, Pod, Secret, Volume, VolumeProjection } from '../api/types/core-v1.gen.js';
import { value } from '../api/meta/quantity.js';
import { messageOf } from '../util/errors.js';
import { fieldValue, type Place, resourceValue } from './downward.js';
import type { VolumeContent, VolumeFile } from './runtime.js';
import type { Sources } from './sources.js';

const DEFAULT_MODE = 0o644;

/** A volume that cannot be made now: the event FailedMount says why, and it is tried again. */
class VolumeError extends Error {}

/** What volumes are filled from, and whether at all. */
export interface VolumeOptions {
  readonly sources: Sources;
  readonly place: Place;
  /** False: nobody reads the contents, so tokens are not asked for. */
  readonly contents: boolean;
}

/** @throws VolumeError worded as the kubelet's event */
export async function volumeContents(pod: Pod, options: VolumeOptions): Promise<VolumeContent[]> {
  const result: VolumeContent[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    try {
      result.push(await contentOf(volume, pod, options));
    } catch (error) {
      throw new VolumeError(`MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${messageOf(error)}`, { cause: error });
    }
  }
  return result;
}

/** The names of the ConfigMaps and Secrets whose changes a running pod sees in its volumes. */
export function volumeReferences(pod: Pod): Set<string> {
  const names = new Set<string>();
  const add = (name: string | undefined) => name && names.add(name);
  for (const volume of pod.spec.volumes ?? []) {
    add(volume.configMap?.name);
    add(volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      add(source.configMap?.name);
      add(source.secret?.name);
    }
  }
  return names;
}

async function contentOf(volume: Volume, pod: Pod, options: VolumeOptions): Promise<VolumeContent> {
  const { name } = volume;
  const files = (list: readonly VolumeFile[]): VolumeContent => ({ name, type: 'files', files: list });
  if (volume.emptyDir) {
    const { medium, sizeLimit } = volume.emptyDir;
    return { name, type: 'emptyDir', ...(medium && { medium }), ...(sizeLimit && { sizeBytes: value(sizeLimit) }) };
  }
  if (volume.hostPath) return { name, type: 'hostPath', path: volume.hostPath.path, pathType: volume.hostPath.type ?? '' };
  if (volume.configMap)
    return files(await configMapFiles(volume.configMap.name ?? '', volume.configMap, volume.configMap.defaultMode, pod, options));
  if (volume.secret)
    return files(await secretFiles(volume.secret.secretName ?? '', volume.secret, volume.secret.defaultMode, pod, options));
  if (volume.downwardAPI) return files(downwardFiles(volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode, pod, options));
  if (volume.projected) {
    const parts: VolumeFile[] = [];
    for (const source of volume.projected.sources ?? [])
      parts.push(...(await projected(source, volume.projected.defaultMode, pod, options)));
    return files(parts);
  }
  const source = Object.keys(volume).find((key) => key !== 'name' && volume[key as keyof Volume] !== undefined) ?? '';
  return { name, type: 'other', source };
}

interface Selection {
  readonly items?: readonly KeyToPath[] | undefined;
  readonly optional?: boolean | undefined;
}

function select(data: ReadonlyMap<string, Buffer>, { items, optional }: Selection, mode: number | undefined): VolumeFile[] {
  if (!items || items.length === 0) return [...data].map(([path, content]) => ({ path, content, mode: mode ?? DEFAULT_MODE }));
  return items.flatMap((item) => {
    const content = data.get(item.key);
    if (content) return { path: item.path, content, mode: item.mode ?? mode ?? DEFAULT_MODE };
    if (optional) return [];
    throw new VolumeError(`references non-existent config key: ${item.key}`);
  });
}

function configMapData(map: ConfigMap): Map<string, Buffer> {
  const text = Object.entries(map.data ?? {}).map(([key, data]): [string, Buffer] => [key, Buffer.from(data)]);
  const binary = Object.entries(map.binaryData ?? {}).map(([key, data]): [string, Buffer] => [key, Buffer.from(data, 'base64')]);
  return new Map([...text, ...binary]);
}

function secretData(secret: Secret): Map<string, Buffer> {
  return new Map(Object.entries(secret.data ?? {}).map(([key, data]) => [key, Buffer.from(data, 'base64')]));
}

async function configMapFiles(name: string, selection: Selection, mode: number | undefined, pod: Pod, { sources }: VolumeOptions) {
  const map = await sources.configMap(pod.metadata.namespace ?? '', name);
  return sourceFiles(`configmap ${JSON.stringify(name)}`, map && configMapData(map), selection, mode);
}

async function secretFiles(name: string, selection: Selection, mode: number | undefined, pod: Pod, { sources }: VolumeOptions) {
  const secret = await sources.secret(pod.metadata.namespace ?? '', name);
  return sourceFiles(`secret ${JSON.stringify(name)}`, secret && secretData(secret), selection, mode);
}

/** @param data undefined: there is no such source */
function sourceFiles(
  source: string,
  data: ReadonlyMap<string, Buffer> | undefined,
  selection: Selection,
  mode: number | undefined,
): VolumeFile[] {
  if (data) return select(data, selection, mode);
  if (selection.optional) return [];
  throw new VolumeError(`${source} not found`);
}

type DownwardItems = NonNullable<NonNullable<Volume['downwardAPI']>['items']>;

function downwardFiles(items: DownwardItems, mode: number | undefined, pod: Pod, { place }: VolumeOptions): VolumeFile[] {
  return items.map((item) => {
    const text = item.fieldRef
      ? fieldValue(item.fieldRef, pod, place)
      : item.resourceFieldRef
        ? resourceValue(item.resourceFieldRef, pod, undefined, place)
        : '';
    return { path: item.path, content: Buffer.from(text), mode: item.mode ?? mode ?? DEFAULT_MODE };
  });
}

async function projected(source: VolumeProjection, mode: number | undefined, pod: Pod, options: VolumeOptions): Promise<VolumeFile[]> {
  if (source.configMap) return configMapFiles(source.configMap.name ?? '', source.configMap, mode, pod, options);
  if (source.secret) return secretFiles(source.secret.name ?? '', source.secret, mode, pod, options);
  if (source.downwardAPI) return downwardFiles(source.downwardAPI.items ?? [], mode, pod, options);
  if (source.serviceAccountToken) {
    const { path, audience, expirationSeconds = 3600 } = source.serviceAccountToken;
    const token = options.contents ? await options.sources.token(pod, audience, expirationSeconds) : '';
    return token === undefined ? [] : [{ path, content: Buffer.from(token), mode: mode ?? DEFAULT_MODE }];
  }
  throw new VolumeError(`kubemu does not implement projected volumes of ${Object.keys(source).join(', ')}`);
}
