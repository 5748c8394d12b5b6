// Every filter, in the order in which a request passes them (upstream's DefaultBuildHandlerChain).
import type { Authorizer, TokenAuthenticator } from '../../api/context.js';
import type { Handler } from '../../handlers/request.js';
import type { Logger } from '../../util/log.js';
import type { Exchange, Filter } from '../exchange.js';
import type { Metrics } from '../metrics.js';
import { accessLog } from './access-log.js';
import { auditId } from './audit-id.js';
import { authentication } from './authentication.js';
import { authorization } from './authorization.js';
import { cacheControl } from './cache-control.js';
import { compression } from './compression.js';
import { deadline } from './deadline.js';
import { dispatch } from './dispatch.js';
import { errors } from './errors.js';
import { impersonation } from './impersonation.js';
import { measure } from './metrics.js';
import { readRequestInfo } from './request-info.js';

/** What the filters work with. */
export interface FilterOptions {
  readonly tokens: TokenAuthenticator;
  readonly anonymousAuth: boolean;
  readonly authorizer: Authorizer;
  /** What answers requests that have passed. */
  readonly handler: Handler;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Unique ids for requests. */
  readonly newId: () => string;
  /** What a request that is not long-running may take. */
  readonly requestTimeoutMs: number;
}

/** Joins all filters to what takes a request from its head to its answer. It never fails: whatever is thrown on the way is answered. */
export function chain(o: FilterOptions): (exchange: Exchange) => Promise<void> {
  const filters: readonly Filter[] = [
    auditId(o.newId),
    readRequestInfo(),
    accessLog(o.logger),
    cacheControl(),
    deadline(o.requestTimeoutMs),
    compression(),
    authentication(o),
    impersonation(o.authorizer),
    authorization(o.authorizer, o.metrics),
    measure(o.metrics),
    dispatch(o.handler),
  ];
  const answerError = errors(o.logger);
  return async (exchange) => {
    try {
      for (const filter of filters) {
        const waiting = filter(exchange);
        if (waiting) await waiting;
      }
    } catch (error) {
      await answerError(exchange, error);
    }
  };
}
