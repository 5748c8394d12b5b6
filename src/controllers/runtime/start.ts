import type { Client } from '../../client/client.js';
import { EventRecorder } from '../../client/event-recorder.js';
import type { Informers } from '../../client/informers.js';
import type { Clock } from '../../util/clock.js';
import type { Logger } from '../../util/log.js';
import { type ControllerDefinition, type ControllerSettings, run, type Running } from './controller.js';

/** What controllers are started with. The informers stay their owner's. */
export interface StartOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly settings: ControllerSettings;
}

/** Starts controllers in their order; they write as the client does, and are stopped in the reverse order. */
export function startAll(definitions: readonly ControllerDefinition[], options: StartOptions): { stop(): Promise<void> } {
  const { client, informers, clock, random, settings } = options;
  const running: Running[] = [];
  const recorders: EventRecorder[] = [];
  for (const definition of definitions) {
    const logger = options.logger.with({ controller: definition.name });
    const recorder = new EventRecorder({ client, clock, random, logger, component: definition.source ?? definition.name });
    recorders.push(recorder);
    const environment = { client, informers, clock, logger, recorder, settings };
    for (const controller of definition.create(environment)) running.push(run(controller, environment));
  }
  return {
    stop: async () => {
      await Promise.all(running.reverse().map((r) => r.stop()));
      await Promise.all(recorders.map((r) => r.stop()));
    },
  };
}
