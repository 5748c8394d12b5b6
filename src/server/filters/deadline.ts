import { badRequest, timeout } from '../../api/meta/errors.js';
import { parseDuration } from '../../util/duration.js';
import { systemClock } from '../../util/clock.js';
import type { Exchange, Filter } from '../exchange.js';

/**
 * Ends requests that take too long: 504 when nothing was sent yet, else the answer is cut. Long-running requests have no
 * deadline. Sockets live in the machine's time, whatever clock the cluster runs on.
 * @param maximumMs what a request may take; `?timeout=` can only shorten it (upstream's --request-timeout)
 */
export function deadline(maximumMs: number): Filter {
  return (exchange) => {
    if (exchange.longRunning) return;
    const asked = askedTimeout(exchange.info.query);
    const timer = systemClock.after(asked > 0 && asked < maximumMs ? asked : maximumMs, () => expire(exchange));
    exchange.whenClosed(() => timer.cancel());
  };
}

function askedTimeout(query: URLSearchParams): number {
  const text = query.get('timeout');
  if (!text) return 0;
  try {
    return parseDuration(text);
  } catch (error) {
    throw badRequest(`invalid timeout specified in the request URL - ${(error as Error).message}`);
  }
}

function expire(exchange: Exchange): void {
  const { response } = exchange;
  if (response.headersSent) {
    response.cut();
  } else {
    const { kind: _, apiVersion: __, ...status } = timeout('request did not complete within the allotted timeout').status;
    // upstream writes this one Status without kind and as plain text
    const body = Buffer.from(`${JSON.stringify(status)}\n`);
    response.discard();
    response.statusCode = 504;
    response.setHeader('Content-Type', 'text/plain; charset=utf-8');
    response.setHeader('Content-Length', String(body.length));
    response.end(body);
  }
  response.seal();
  exchange.abort();
}
