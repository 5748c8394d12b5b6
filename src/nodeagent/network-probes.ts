// HTTP and TCP probes as the kubelet makes them (pkg/probe/http, pkg/probe/tcp), with its texts.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { HTTPGetAction, TCPSocketAction } from '../api/types/core-v1.gen.js';
import { messageOf } from '../util/errors.js';
import { hostPort } from '../util/host-port.js';
import type { ProbeResult } from './runtime.js';

/** As much of an answer as the kubelet reads. */
const MAX_BODY = 10 * 1024;

type ResolvePort = (port: string | number) => number;

/** Any status from 200 to 399 is success; redirects to another host count as success without following. */
export async function httpProbe(action: HTTPGetAction, podIP: string, port: ResolvePort, timeoutMs: number): Promise<ProbeResult> {
  try {
    const { status, body } = await httpGet(action, podIP, port, timeoutMs);
    const ok = status >= 200 && status < 400;
    return { ok, output: ok ? body : `HTTP probe failed with statuscode: ${status}` };
  } catch (error) {
    return { ok: false, output: messageOf(error) };
  }
}

/** @throws Error worded as Go's http client */
export function httpGet(
  action: HTTPGetAction,
  podIP: string,
  port: ResolvePort,
  timeoutMs: number,
): Promise<{ status: number; body: string }> {
  const https = action.scheme === 'HTTPS';
  const host = action.host || podIP;
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`;
  const headers: Record<string, string> = { 'User-Agent': 'kube-probe/1.36', Accept: '*/*', Connection: 'close' };
  for (const { name, value } of action.httpHeaders ?? []) headers[name] = value;
  const number = port(action.port);
  const url = `${https ? 'https' : 'http'}://${hostPort(host, number)}${path}`;
  return new Promise((resolve, reject) => {
    const fail = (text: string) => reject(new Error(`Get ${JSON.stringify(url)}: ${text}`));
    // a probe does not verify certificates
    const call = https
      ? httpsRequest(url, { headers, rejectUnauthorized: false, timeout: timeoutMs })
      : httpRequest(url, { headers, timeout: timeoutMs });
    call.on('timeout', () => {
      fail('context deadline exceeded (Client.Timeout exceeded while awaiting headers)');
      call.destroy();
    });
    call.on('error', (error: NodeJS.ErrnoException) => fail(dialText(error, host, number)));
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        if (size < MAX_BODY) chunks.push(chunk);
        size += chunk.length;
      });
      response.on('error', (error) => fail(error.message));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString().slice(0, MAX_BODY) }));
    });
    call.end();
  });
}

/** Succeeds when the port takes a connection. */
export function tcpProbe(action: TCPSocketAction, podIP: string, port: ResolvePort, timeoutMs: number): Promise<ProbeResult> {
  const host = action.host || podIP;
  return new Promise((resolve) => {
    let number: number;
    try {
      number = port(action.port);
    } catch (error) {
      resolve({ ok: false, output: messageOf(error) });
      return;
    }
    const socket = connect({ host, port: number });
    const settle = (ok: boolean, output: string) => {
      socket.destroy();
      resolve({ ok, output });
    };
    socket.setTimeout(timeoutMs, () => settle(false, `dial tcp ${host}:${number}: i/o timeout`));
    socket.on('connect', () => settle(true, ''));
    socket.on('error', (error: NodeJS.ErrnoException) => settle(false, dialText(error, host, number)));
  });
}

function dialText(error: NodeJS.ErrnoException, host: string, port: number): string {
  const causes: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connection refused',
    EHOSTUNREACH: 'no route to host',
    ENETUNREACH: 'network is unreachable',
    ETIMEDOUT: 'i/o timeout',
  };
  const cause = causes[error.code ?? ''];
  if (!cause) return error.message;
  return `dial tcp ${host}:${port}: ${cause === 'i/o timeout' ? cause : `connect: ${cause}`}`;
}
