import { acceptsGzip } from '../compression.js';
import type { Filter } from '../exchange.js';

/** Large answers are compressed for clients that take it; never those that go on for long. */
export function compression(): Filter {
  return ({ request, response, longRunning, upgrade }) => {
    if (request.method === 'GET' && !longRunning && !upgrade && acceptsGzip(request.headers['accept-encoding'])) response.compress();
  };
}
