import type { Filter } from '../exchange.js';
import { isLongRunning, requestInfo } from '../request-info.js';

/** Reads method, path and query once; everything after works with the plain value. */
export function readRequestInfo(): Filter {
  return (request, response, next) => {
    const { exchange } = response.locals;
    exchange.info = requestInfo(request.method, request.url);
    exchange.longRunning = isLongRunning(exchange.info);
    next();
  };
}
