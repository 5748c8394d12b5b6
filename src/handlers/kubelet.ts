// Where the API server looks for the kubelet of a node, and what it says when nobody is there.
import { ApiError, notFound } from '../api/meta/errors.js';
import { nodes, pods } from '../api/meta/resources.gen.js';
import type { Node, NodeAddress } from '../api/types/core-v1.gen.js';
import { hostPort } from '../util/host-port.js';
import type { Server } from './server.js';

/** Upstream's default of --kubelet-preferred-address-types. */
const PREFERRED = ['Hostname', 'InternalDNS', 'InternalIP', 'ExternalDNS', 'ExternalIP'];
const DEFAULT_PORT = 10250;

/** The kubelet of a node. */
export interface Kubelet {
  /** Of a path there, with its query: what to throw when the kubelet does not listen. */
  refuses(pathAndQuery: string): ApiError;
}

/**
 * Finds the kubelet of a pod's node (upstream's NodeConnectionInfoGetter).
 * @throws ApiError NotFound, in the words of the pods that it is asked for; without a reason when the node has no address
 */
export function kubeletOf(server: Server, name: string): Kubelet {
  const node = server.registry.store(nodes).find({ namespace: '', name })?.object as Node | undefined;
  if (!node) throw notFound(pods, name);
  const { addresses = [], daemonEndpoints } = node.status ?? {};
  const [host] = PREFERRED.flatMap((type) => addresses.filter((a) => a.type === type));
  if (!host) throw unclassified(`no preferred addresses found; known addresses: [${addresses.map(goValue).join(' ')}]`);
  const port = daemonEndpoints?.kubeletEndpoint?.Port || DEFAULT_PORT;
  const ip = addresses.find((a) => a.type === 'InternalIP') ?? host;
  return {
    refuses: (path) =>
      unclassified(
        `Get "https://${hostPort(host.address, port)}${path}": dial tcp ${hostPort(ip.address, port)}: connect: connection refused`,
      ),
  };
}

function goValue({ type, address }: NodeAddress): string {
  return `{${type} ${address}}`;
}

/** Upstream hands such an error on as it is. */
function unclassified(message: string): ApiError {
  return new ApiError({ code: 500, message });
}
