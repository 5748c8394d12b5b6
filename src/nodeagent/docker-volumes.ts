// Volumes as directories under the data directory, bind-mounted into containers. Files of configMap, secret, downwardAPI and
// projected volumes change all at once, as with the kubelet's atomic writer:
//
//     volume/..17f3a/key        the files of one moment
//     volume/..data -> ..17f3a  replaced by rename
//     volume/key -> ..data/key
import { chmod, chown, lstat, mkdir, readdir, readlink, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { uidOf } from '../api/meta/object.js';
import type { Container, Pod, VolumeMount } from '../api/types/core-v1.gen.js';
import { messageOf } from '../util/errors.js';
import type { VolumeContent, VolumeFile } from './runtime.js';

/** The directories on the host that hold the volumes of pods. */
export class PodDirectories {
  readonly #root: string;

  /** @param root holds one directory a pod */
  constructor(root: string) {
    this.#root = root;
  }

  pod(uid: string): string {
    return join(this.#root, uid);
  }

  /** Makes or refreshes the volumes of a pod. @throws Error worded for the event FailedMount */
  async mount(pod: Pod, contents: readonly VolumeContent[]): Promise<void> {
    for (const content of contents) {
      try {
        await this.#mount(pod, content);
      } catch (error) {
        throw new Error(`MountVolume.SetUp failed for volume ${JSON.stringify(content.name)} : ${messageOf(error)}`, { cause: error });
      }
    }
  }

  /** Removes everything of a pod. */
  async remove(uid: string): Promise<void> {
    await rm(this.pod(uid), { recursive: true, force: true });
  }

  /** The pods that have something here. */
  async pods(): Promise<string[]> {
    return readdir(this.#root).catch(() => []);
  }

  /** A new empty file for the termination message of a container. */
  async terminationLog(uid: string, container: string, attempt: number): Promise<string> {
    const path = this.terminationLogPath(uid, container, attempt);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '', { mode: 0o666 });
    await chmod(path, 0o666);
    return path;
  }

  terminationLogPath(uid: string, container: string, attempt: number): string {
    return join(this.pod(uid), 'termination', `${container}-${attempt}`);
  }

  /** The binds of a container, in Docker's notation. @throws Error when a mount has no volume or leads out of it */
  async binds(pod: Pod, container: Container): Promise<string[]> {
    return Promise.all((container.volumeMounts ?? []).map((mount) => this.#bind(pod, mount)));
  }

  async #bind(pod: Pod, mount: VolumeMount): Promise<string> {
    const volume = pod.spec.volumes?.find((v) => v.name === mount.name);
    if (!volume) throw new Error(`volume ${JSON.stringify(mount.name)} not found`);
    if (mount.subPathExpr) throw new Error('kubemu does not implement subPathExpr');
    const base = volume.hostPath ? volume.hostPath.path : this.#volume(pod, mount.name);
    const source = mount.subPath ? await within(base, mount.subPath) : base;
    const propagation =
      mount.mountPropagation === 'HostToContainer' ? 'rslave' : mount.mountPropagation === 'Bidirectional' ? 'rshared' : undefined;
    const options = [mount.readOnly ? 'ro' : 'rw', ...(propagation ? [propagation] : [])].join(',');
    return `${source}:${mount.mountPath}:${options}`;
  }

  #volume(pod: Pod, name: string): string {
    return join(this.pod(uidOf(pod)), 'volumes', name);
  }

  async #mount(pod: Pod, content: VolumeContent): Promise<void> {
    switch (content.type) {
      case 'emptyDir':
        await openDirectory(this.#volume(pod, content.name), pod);
        return;
      case 'files':
        await openDirectory(this.#volume(pod, content.name), pod);
        await writeFiles(this.#volume(pod, content.name), content.files, pod);
        return;
      case 'hostPath':
        await checkHostPath(content.path, content.pathType);
        return;
      case 'other':
        throw new Error(`kubemu does not mount volumes of type ${content.source}`);
    }
  }
}

/** A directory that every user of the pod's containers may write, as an emptyDir is. */
async function openDirectory(path: string, pod: Pod): Promise<void> {
  await mkdir(path, { recursive: true });
  await giveTo(path, pod);
  // with a group of its own, what is made in it belongs to the group too
  await chmod(path, pod.spec.securityContext?.fsGroup === undefined ? 0o777 : 0o2777);
}

/** spec.securityContext.fsGroup owns the volumes; only root can say so. */
async function giveTo(path: string, pod: Pod): Promise<void> {
  const group = pod.spec.securityContext?.fsGroup;
  if (group !== undefined && process.getuid?.() === 0) await chown(path, 0, group);
}

async function writeFiles(volume: string, files: readonly VolumeFile[], pod: Pod): Promise<void> {
  const data = join(volume, '..data');
  const before = await readlink(data).catch(() => undefined);
  const next = `..${process.hrtime.bigint().toString(36)}`;
  for (const file of files) {
    const path = join(volume, next, file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.content);
    await chmod(path, pod.spec.securityContext?.fsGroup === undefined ? file.mode : file.mode | 0o040);
    await giveTo(path, pod);
  }
  await mkdir(join(volume, next), { recursive: true });
  await symlink(next, join(volume, '..next'));
  await rename(join(volume, '..next'), data);
  await link(volume, new Set(files.map((f) => f.path.split('/')[0] ?? '')));
  if (before) await rm(join(volume, before), { recursive: true, force: true });
}

/** The visible names: one for each first part of a path, none for what is no longer there. */
async function link(volume: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(volume))
    if (!name.startsWith('..') && !names.has(name)) await rm(join(volume, name), { recursive: true, force: true });
  for (const name of names) {
    const path = join(volume, name);
    const there = await lstat(path).catch(() => undefined);
    if (!there) await symlink(join('..data', name), path);
  }
}

/** A path inside a volume, made when it is not there. */
async function within(base: string, subPath: string): Promise<string> {
  const path = join(base, subPath);
  if (!(await stat(path).catch(() => undefined))) await mkdir(path, { recursive: true });
  const real = await realpath(path);
  const inside = relative(await realpath(base), real);
  if (inside.split(sep)[0] === '..') throw new Error(`subPath ${JSON.stringify(subPath)} leads out of its volume`);
  return real;
}

const HOST_PATH_CHECKS: Readonly<Record<string, [what: string, test: (s: Awaited<ReturnType<typeof stat>>) => boolean]>> = {
  Directory: ['a directory', (s) => s.isDirectory()],
  File: ['a file', (s) => s.isFile()],
  Socket: ['a socket file', (s) => s.isSocket()],
  CharDevice: ['a character device', (s) => s.isCharacterDevice()],
  BlockDevice: ['a block device', (s) => s.isBlockDevice()],
};

/** (pkg/volume/hostpath) */
async function checkHostPath(path: string, type: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (type === 'DirectoryOrCreate' && !there) await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === 'FileOrCreate' && !there) await writeFile(path, '', { mode: 0o644 });
  const check = HOST_PATH_CHECKS[type.replace('OrCreate', '')];
  const now = await stat(path).catch(() => undefined);
  if (check && (!now || !check[1](now))) throw new Error(`hostPath type check failed: ${path} is not ${check[0]}`);
}
