import type { Socket } from 'node:net';
import type { ServerResponse as NodeResponse } from 'node:http';
import type { ApiRequest, Upgrade } from '../handlers/request.js';
import { readBody } from './body.js';
import type { Exchange } from './exchange.js';

/** The request as handlers see it. */
export function apiRequest(exchange: Exchange): ApiRequest {
  const { request, response } = exchange;
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
    response,
    upgrade: exchange.upgrade && upgradeOf(exchange),
    get signal() {
      return exchange.signal;
    },
    warnings: exchange.warnings,
  };
}

function upgradeOf(exchange: Exchange): Upgrade {
  return {
    accept() {
      const { response, upgrade } = exchange;
      if (!upgrade) throw new Error('the connection was taken over already');
      exchange.upgrade = undefined;
      (response as unknown as NodeResponse).detachSocket(upgrade.socket as Socket);
      return upgrade;
    },
  };
}
