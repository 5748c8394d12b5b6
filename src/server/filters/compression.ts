import { acceptsGzip } from '../compression.js';
import type { Filter } from '../exchange.js';
import type { Answer } from '../http.js';

/** Large answers are compressed for clients that take it; never those that go on for long. */
export function compression(): Filter {
  return (request, response, next) => {
    const { longRunning, upgrade } = response.locals.exchange;
    if (request.method === 'GET' && !longRunning && !upgrade && acceptsGzip(request.headers['accept-encoding']))
      (response as unknown as Answer).compress();
    next();
  };
}
