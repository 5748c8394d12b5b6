/** Who reads from a medium, so that it can be closed and opened anew while nobody does. */
export class Readers {
  #inside = 0;
  #left: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  /** Runs `read`, once nobody has the medium alone. Its synchronous start sees one state of the medium. */
  async run<T>(read: () => Promise<T>): Promise<T> {
    while (this.#closed) await this.#closed.catch(() => undefined);
    this.#inside++;
    try {
      return await read();
    } finally {
      if (--this.#inside === 0) this.#left?.();
    }
  }

  /** Runs `act` when the last reader has left; those who come meanwhile wait for it. One at a time. */
  async exclude(act: () => Promise<void>): Promise<void> {
    this.#closed = this.idle().then(act);
    try {
      await this.#closed;
    } finally {
      this.#closed = undefined;
    }
  }

  /** Resolves when nobody is inside. */
  idle(): Promise<void> {
    if (this.#inside === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#left = resolve;
    });
  }
}
