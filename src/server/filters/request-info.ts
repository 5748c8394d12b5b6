import type { Filter } from '../exchange.js';
import { isLongRunning, requestInfo } from '../request-info.js';

/** Reads method, path and query once; everything after works with the plain value. */
export function readRequestInfo(): Filter {
  return (exchange) => {
    exchange.info = requestInfo(exchange.request.method, exchange.request.url);
    exchange.longRunning = isLongRunning(exchange.info);
  };
}
