import { isApiError } from '../api/meta/errors.js';
import { leases } from '../api/meta/resources.gen.js';
import type { Lease } from '../api/types/coordination-v1.gen.js';
import type { Node } from '../api/types/core-v1.gen.js';
import type { Client } from '../client/client.js';
import { type Clock, microTimestamp, type Timer } from '../util/clock.js';
import type { Logger } from '../util/log.js';
import { messageOf } from '../util/errors.js';

const NAMESPACE = 'kube-node-lease';
const DURATION_SECONDS = 40;
/** Each lease is renewed every ten seconds: the nodes are spread over ten slots, one slot a second. */
const SLOTS = 10;
const SLOT_MS = 1_000;

/** Whose leases are renewed, and how often. */
export interface LeaseOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Held {
  readonly node: Node;
  readonly slot: number;
  lease: Lease | undefined;
  renewing: boolean;
}

/** Renews the leases of all nodes of the process: those of one slot are written together, so they share a commit. */
export class LeaseRenewer {
  readonly #options: LeaseOptions;
  readonly #held = new Map<string, Held>();
  #timer: Timer | undefined;
  #slot = 0;
  #added = 0;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Takes the lease of a node and keeps renewing it. */
  async add(node: Node): Promise<void> {
    const held: Held = { node, slot: this.#added++ % SLOTS, lease: undefined, renewing: false };
    this.#held.set(node.metadata.name, held);
    this.#timer ??= this.#next();
    await this.#renew(held);
  }

  /** Stops renewing; the lease grows old, as after a power failure. */
  remove(name: string): void {
    this.#held.delete(name);
  }

  stop(): void {
    this.#held.clear();
    this.#timer?.cancel();
  }

  #next(): Timer {
    return this.#options.clock.after(SLOT_MS, () => {
      this.#slot = (this.#slot + 1) % SLOTS;
      for (const held of this.#held.values()) if (held.slot === this.#slot) void this.#renew(held);
      this.#timer = this.#next();
    });
  }

  async #renew(held: Held): Promise<void> {
    if (held.renewing) return;
    held.renewing = true;
    try {
      held.lease = await (held.lease ? this.#update(held.lease) : this.#take(held.node));
    } catch (error) {
      // read it anew next time
      held.lease = undefined;
      this.#options.logger.debug('a node lease was not renewed', { node: held.node.metadata.name, error: messageOf(error) });
    } finally {
      held.renewing = false;
    }
  }

  #update(lease: Lease): Promise<Lease> {
    const renewTime = microTimestamp(this.#options.clock.now());
    return this.#options.client.update(leases, { ...lease, spec: { ...lease.spec, renewTime } });
  }

  async #take(node: Node): Promise<Lease> {
    const { client, clock } = this.#options;
    const { name, uid = '' } = node.metadata;
    const spec = { holderIdentity: name, leaseDurationSeconds: DURATION_SECONDS, renewTime: microTimestamp(clock.now()) };
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name, uid }];
    try {
      return await client.create<Lease>(leases, { metadata: { name, namespace: NAMESPACE, ownerReferences }, spec });
    } catch (error) {
      if (!isApiError(error, 'AlreadyExists')) throw error;
    }
    const present = await client.get(leases, { namespace: NAMESPACE, name });
    return client.update(leases, { ...present, metadata: { ...present.metadata, ownerReferences }, spec: { ...present.spec, ...spec } });
  }
}
