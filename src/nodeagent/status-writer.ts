import { isApiError } from '../api/meta/errors.js';
import { pods } from '../api/meta/resources.gen.js';
import type { PodStatus } from '../api/types/core-v1.gen.js';
import type { Client } from '../client/client.js';
import type { Clock } from '../util/clock.js';
import type { PodRecord } from './records.js';
import { podStatus, statusPatch } from './status.js';

/** What status is written with. */
export interface StatusWriterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly record: PodRecord;
  readonly hostIP: string;
}

/** Keeps the status of one pod on the server as the agent knows it, in as few writes as that takes. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  /** The status on the server, as far as known. */
  #present: PodStatus;
  #writing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#present = options.record.pod.status ?? {};
  }

  /** What the server shows. */
  set present(status: PodStatus | undefined) {
    this.#present = status ?? {};
  }

  /** Nothing is written any more. */
  stop(): void {
    this.#stopped = true;
  }

  /** Writes what differs. One write after the other, each with what is true when its turn comes. @throws ApiError when the server refuses */
  write(): Promise<void> {
    const write = this.#writing.then(() => this.#write());
    this.#writing = write.catch(() => undefined);
    return write;
  }

  async #write(): Promise<void> {
    if (this.#stopped) return;
    const { client, clock, record, hostIP } = this.#options;
    const patch = statusPatch(this.#present, podStatus(record, hostIP, clock.now()));
    if (!patch) return;
    const { namespace = '', name, uid } = record.pod.metadata;
    const body = { metadata: { uid }, status: patch };
    try {
      const written = await client.patch(pods, { namespace, name }, { type: 'strategic', body }, { subresource: 'status' });
      this.#present = written.status ?? {};
    } catch (error) {
      // gone, or another pod of the same name: the watch will tell
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
    }
  }
}
