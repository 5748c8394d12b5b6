import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import Docker from 'dockerode';
import { networkName } from './docker-network.js';
import { LABELS } from './docker-config.js';
import { isMissing } from './docker-state.js';

/** Whether a Docker engine answers. Never rejects. */
export async function dockerAvailable(docker = new Docker()): Promise<boolean> {
  return docker.ping().then(
    () => true,
    () => false,
  );
}

/**
 * Removes containers, network and volumes of a cluster that has stopped.
 * @returns what was removed, for people to read; nothing when Docker does not answer
 */
export async function removeLeftovers(clusterId: string, dataDir: string, docker = new Docker()): Promise<string[]> {
  const removed: string[] = [];
  if (await dockerAvailable(docker)) {
    const found = await docker.listContainers({ all: true, filters: { label: [`${LABELS.cluster}=${clusterId}`] } });
    for (const { Id } of found) await docker.getContainer(Id).remove({ force: true, v: true }).catch(unlessMissing);
    if (found.length > 0) removed.push(found.length === 1 ? '1 container' : `${found.length} containers`);
    const name = networkName(clusterId);
    const network = await docker.getNetwork(name).inspect().catch(unlessMissing);
    if (network) {
      await docker.getNetwork(name).remove();
      removed.push(`network ${name}`);
    }
  }
  await rm(join(dataDir, 'pods'), { recursive: true, force: true });
  return removed;
}

function unlessMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}
