import type Docker from 'dockerode';
import { LABELS } from './docker-config.js';
import { isMissing } from './docker-state.js';

/** The bridge network of a cluster's pods. */
export function networkName(clusterId: string): string {
  return `kubemu-${clusterId}`;
}

/** Makes the network where it is not there yet. @returns its range, and the machine's own address in it */
export async function ensureNetwork(docker: Docker, clusterId: string): Promise<{ gateway: string; subnet: string }> {
  const name = networkName(clusterId);
  const network = docker.getNetwork(name);
  const present = await network.inspect().catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (!present) await docker.createNetwork({ Name: name, Driver: 'bridge', CheckDuplicate: true, Labels: { [LABELS.cluster]: clusterId } });
  const made = (present ?? (await network.inspect())) as { IPAM?: { Config?: { Subnet?: string; Gateway?: string }[] } };
  const config = made.IPAM?.Config?.find((c) => !c.Subnet?.includes(':'));
  if (!config?.Subnet || !config.Gateway) throw new Error(`the Docker network ${name} has no IPv4 range`);
  return { gateway: config.Gateway, subnet: config.Subnet };
}
