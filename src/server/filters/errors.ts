import { ApiError, internalError, requestEntityTooLarge } from '../../api/meta/errors.js';
import { sendStatus } from '../../handlers/respond.js';
import { messageOf } from '../../util/errors.js';
import type { Logger } from '../../util/log.js';
import { apiRequest } from '../api-request.js';
import type { Exchange } from '../exchange.js';

/**
 * Where everything thrown on the way ends: an ApiError is answered as it is, what exhausts the stack is too large, anything
 * else is our fault, logged and answered with 500. Once an answer has begun, it can only be cut off.
 */
export function errors(logger: Logger): (exchange: Exchange, error: unknown) => Promise<void> {
  return async (exchange, error) => {
    const { request, response, auditId, aborted } = exchange;
    const known = error instanceof ApiError ? error : exhausted(error);
    if (!known && !aborted) logger.error('request failed', { error, auditId, method: request.method, path: request.url });
    if (response.writableEnded) return;
    if (response.headersSent) return response.cut();
    response.discard();
    const { status } = known ?? internalError(messageOf(error), { cause: error });
    try {
      await sendStatus(apiRequest(exchange), status);
    } catch (failure) {
      logger.error('an error could not be answered', { error: failure, auditId });
      response.cut();
    }
  };
}

/**
 * What has so many parts that the stack does not hold them: validators hand on what they find as arguments of calls, and
 * JavaScript takes some 100,000 of those. (kube-apiserver is at it for minutes.)
 */
function exhausted(error: unknown): ApiError | undefined {
  if (!(error instanceof RangeError) || !error.message.startsWith('Maximum call stack')) return undefined;
  return requestEntityTooLarge('Request entity too large: it has more parts than this server can walk through');
}
