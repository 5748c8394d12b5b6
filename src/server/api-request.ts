import type { ServerResponse as NodeResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Request } from 'express';
import type { ApiRequest, Response, Upgrade } from '../handlers/request.js';
import { readBody } from './body.js';
import type { ServerResponse } from './exchange.js';

/** The request as handlers see it. */
export function apiRequest(request: Request, response: ServerResponse): ApiRequest {
  const { exchange } = response.locals;
  let body: Promise<Buffer> | undefined;
  return {
    method: request.method,
    info: exchange.info,
    user: exchange.user ?? { username: '', groups: [] },
    headers: request.headers,
    body() {
      // after an upgrade the stream belongs to the other protocol
      body ??= exchange.upgrade ? Promise.resolve(Buffer.alloc(0)) : readBody(request, exchange.signal);
      return body;
    },
    response: response as unknown as Response,
    upgrade: exchange.upgrade && upgradeOf(response),
    get signal() {
      return exchange.signal;
    },
    warnings: exchange.warnings,
  };
}

function upgradeOf(response: ServerResponse): Upgrade {
  return {
    accept() {
      const { upgrade } = response.locals.exchange;
      if (!upgrade) throw new Error('the connection was taken over already');
      response.locals.exchange.upgrade = undefined;
      (response as unknown as NodeResponse).detachSocket(upgrade.socket as Socket);
      return upgrade;
    },
  };
}
