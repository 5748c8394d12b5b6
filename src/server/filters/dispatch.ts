import type { Handler } from '../../handlers/request.js';
import { apiRequest } from '../api-request.js';
import type { Filter } from '../exchange.js';

/** Hands the request to the handler: the end of the way. */
export function dispatch(handler: Handler): Filter {
  return (exchange) => handler(apiRequest(exchange));
}
