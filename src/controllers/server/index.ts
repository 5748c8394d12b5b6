// The loops that upstream's kube-apiserver runs itself: they are there whatever controllers there are.
import type { ControllerDefinition } from '../runtime/controller.js';
import { startAll, type StartOptions } from '../runtime/start.js';
import { clusterIPRepair } from './cluster-ip-repair.js';
import { flowSchemaStatus } from './flow-schema-status.js';
import { defaultServiceCIDR } from './default-service-cidr.js';

/** Something that is done again and again. */
export interface Upkeep {
  readonly name: string;
  /** Milliseconds from the end of one round to the next. */
  readonly interval: number;
  run(): Promise<void>;
}

/** Starts the loops of the server, those of `upkeep` among them. They write as the client does. */
export function startServerLoops(options: StartOptions & { readonly upkeep: readonly Upkeep[] }): { stop(): Promise<void> } {
  return startAll([defaultServiceCIDR, clusterIPRepair, flowSchemaStatus, ...options.upkeep.map(repeated)], options);
}

function repeated(upkeep: Upkeep): ControllerDefinition {
  const { name, interval } = upkeep;
  const reconcile = async () => {
    await upkeep.run();
    return { after: interval };
  };
  return { name, create: () => [{ name, workers: 1, initial: [name], reconcile }] };
}
