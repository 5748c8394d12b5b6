// Serves one handler over plain HTTP, with no filters before it: for tests of handlers alone.
import { createServer, type Server } from 'node:http';
import { isApiError } from '../../src/api/meta/errors.js';
import type { ApiRequest, Handler, RequestInfo } from '../../src/handlers/request.js';
import { sendStatus } from '../../src/handlers/respond.js';

const NO_INFO: Omit<RequestInfo, 'path' | 'query'> = {
  isResource: false,
  verb: 'get',
  group: '',
  version: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  tail: '',
  deprecatedWatch: false,
};

/** A server whose every request goes to `handler`; `warnings` are those of each request. Give it to supertest. */
export function serveHandler(handler: Handler, warnings: string[] = []): Server {
  return createServer((req, res) => {
    const url = new URL(req.url ?? '/', 'http://localhost');
    const controller = new AbortController();
    res.on('close', () => controller.abort());
    const request: ApiRequest = {
      method: req.method ?? 'GET',
      info: { ...NO_INFO, path: url.pathname, query: url.searchParams },
      user: { username: 'test', groups: [] },
      headers: req.headers,
      body: async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of req) chunks.push(chunk as Buffer);
        return Buffer.concat(chunks);
      },
      response: res,
      signal: controller.signal,
      warnings: [...warnings],
    };
    handler(request).catch((e: unknown) => {
      if (isApiError(e)) return sendStatus(request, e.status);
      res.statusCode = 500;
      res.end(String(e));
    });
  });
}
