import type { NextFunction, Request } from 'express';
import { ApiError, internalError } from '../../api/meta/errors.js';
import { sendStatus } from '../../handlers/respond.js';
import type { Logger } from '../../util/log.js';
import { apiRequest } from '../api-request.js';
import type { ServerResponse } from '../exchange.js';
import type { Answer } from '../http.js';

/**
 * Where everything thrown on the way ends: an ApiError is answered as it is, anything else is our fault, logged and
 * answered with 500. Once an answer has begun, it can only be cut off.
 */
export function errors(logger: Logger) {
  return (error: unknown, request: Request, response: ServerResponse, _next: NextFunction): void | Promise<void> => {
    const { auditId, aborted } = response.locals.exchange;
    if (!(error instanceof ApiError) && !aborted)
      logger.error('request failed', { error, auditId, method: request.method, path: request.url });
    if (response.writableEnded) return;
    const answer = response as unknown as Answer;
    if (response.headersSent) return answer.cut();
    answer.discard();
    const { status } = error instanceof ApiError ? error : internalError(message(error), { cause: error });
    return sendStatus(apiRequest(request, response), status);
  };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
