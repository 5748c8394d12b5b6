import { createRequire } from 'node:module';
import type { Logger as Pino } from 'pino';

/** A log line is a constant message plus fields. `debug` lines appear from --v=2 on. */
export interface Logger {
  info(message: string, fields?: Record<string, unknown>): void;
  debug(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  /** A logger that adds `fields` to every line. */
  with(fields: Record<string, unknown>): Logger;
}

/**
 * Structured JSON lines on standard error.
 * @param verbosity 0: warnings and errors only; 1: also info; 2 and more: also debug
 */
export function createLogger(verbosity: number): Logger {
  return wrap(once(openPino), verbosity);
}

/** Says nothing; for tests and embedding. */
export const silentLogger: Logger = { info() {}, debug() {}, error() {}, with: () => silentLogger };

/** What writes the lines: it is loaded for the first of them, which a quiet server never has. */
function openPino(): Pino {
  const { pino } = createRequire(import.meta.url)('pino') as typeof import('pino');
  return pino({ level: 'debug', base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }));
}

function wrap(lines: () => Pino, verbosity: number): Logger {
  return {
    info(message, fields = {}) {
      if (verbosity >= 1) lines().info(fields, message);
    },
    debug(message, fields = {}) {
      if (verbosity >= 2) lines().debug(fields, message);
    },
    error: (message, fields = {}) => lines().error(serializable(fields), message),
    with: (fields) =>
      wrap(
        once(() => lines().child(fields)),
        verbosity,
      ),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function serializable(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, v instanceof Error ? (v.stack ?? v.message) : v]));
}
