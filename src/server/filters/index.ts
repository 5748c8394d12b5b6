// Every filter, in the order in which a request passes them (upstream's DefaultBuildHandlerChain).
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import type { Authorizer, TokenAuthenticator } from '../../api/context.js';
import type { Handler } from '../../handlers/request.js';
import type { Logger } from '../../util/log.js';
import type { Filter } from '../exchange.js';
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

/** Puts all filters on the app. */
export function install(app: Express, o: FilterOptions): void {
  const chain: readonly Filter[] = [
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
  app.use(inOrder(chain) as RequestHandler);
  app.use(errors(o.logger) as ErrorRequestHandler);
}

/** One middleware of them all: express's own walk from one to the next costs more than most filters do. */
function inOrder(chain: readonly Filter[]): Filter {
  return (request, response, leave) => {
    const step = (i: number): void => {
      const filter = chain[i];
      if (!filter) return leave();
      const done = filter(request, response, (error?: unknown) => (error === undefined ? step(i + 1) : leave(error)));
      if (done instanceof Promise) done.catch(leave);
    };
    step(0);
  };
}
