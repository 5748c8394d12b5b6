import { pino } from 'pino';

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
  const level = verbosity >= 2 ? 'debug' : verbosity === 1 ? 'info' : 'warn';
  return wrap(pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true })));
}

/** Says nothing; for tests and embedding. */
export const silentLogger: Logger = { info() {}, debug() {}, error() {}, with: () => silentLogger };

function wrap(p: ReturnType<typeof pino>): Logger {
  return {
    info: (message, fields) => p.info(fields ?? {}, message),
    debug: (message, fields) => p.debug(fields ?? {}, message),
    error: (message, fields) => p.error(serializable(fields), message),
    with: (fields) => wrap(p.child(fields)),
  };
}

function serializable(fields: Record<string, unknown> | undefined): Record<string, unknown> {
  if (!fields) return {};
  return Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, v instanceof Error ? (v.stack ?? v.message) : v]));
}
