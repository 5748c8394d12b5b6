import type { Handler } from '../handlers/request.js';
import type { Health } from './health.js';
import type { Metrics } from './metrics.js';
import type { VersionInfo } from './version.js';
import { versionHandler } from './version-handler.js';

/** The parts of the server that answer for themselves. */
export interface ServerPaths {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly version: VersionInfo;
  /** What is published about service account tokens. */
  readonly issuer: ReadonlyMap<string, Handler>;
}

/**
 * Serves what the server says about itself (health, version, metrics, its issuer of tokens), and leaves the rest to `next`.
 */
export function serverPaths(parts: ServerPaths, next: Handler): Handler {
  const version = versionHandler(parts.version);
  const fixed = new Map<string, Handler>([
    ['/version', version],
    ['/version/', version],
    ['/metrics', parts.metrics.handler],
    ...parts.issuer,
  ]);
  return (request) => {
    if (request.info.isResource) return next(request);
    const { path } = request.info;
    const handler = fixed.get(path) ?? parts.health.handlerFor(path) ?? next;
    return handler(request);
  };
}
