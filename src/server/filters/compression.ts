import { acceptsGzip } from '../compression.js';
import type { Filter } from '../exchange.js';

/** Upstream sends these as they are. */
const UNCOMPRESSED = '/openapi/v3';

/** Large answers are compressed for clients that take it; never those that go on for long. */
export function compression(): Filter {
  return ({ request, response, info, longRunning, upgrade }) => {
    if (request.method !== 'GET' || longRunning || upgrade || info.path.startsWith(UNCOMPRESSED)) return;
    if (acceptsGzip(request.headers['accept-encoding'])) response.compress();
  };
}
