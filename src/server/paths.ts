import type { Handler } from '../handlers/request.js';
import type { Health } from './health.js';
import type { Metrics } from './metrics.js';
import type { VersionInfo } from './version.js';
import { versionHandler } from './version-handler.js';

/**
 * Serves what the server says about itself (health, version, metrics), and leaves the rest to `next`.
 */
export function serverPaths(parts: { health: Health; metrics: Metrics; version: VersionInfo }, next: Handler): Handler {
  const version = versionHandler(parts.version);
  const fixed = new Map<string, Handler>([
    ['/version', version],
    ['/version/', version],
    ['/metrics', parts.metrics.handler],
  ]);
  return (request) => {
    if (request.info.isResource) return next(request);
    const { path } = request.info;
    const handler = fixed.get(path) ?? parts.health.handlerFor(path) ?? next;
    return handler(request);
  };
}
