import type { Filter } from '../exchange.js';
import type { Metrics } from '../metrics.js';

/** Measures requests that were let in, from their arrival to the end of the answer. */
export function measure(metrics: Metrics): Filter {
  return (exchange) => {
    const { request, response, info, longRunning, received } = exchange;
    const measured = metrics.request(request.method, info, request.headers['content-type'], longRunning);
    exchange.whenClosed(() => measured.finished(response.statusCode, (performance.now() - received) / 1000, response.bytesSent));
  };
}
