import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import { gunzipSync } from 'node:zlib';
import type { ApiRequest, Handler } from '../../src/handlers/request.js';
import { UserError } from '../../src/util/user-error.js';
import { echo, Listening, newMetrics, over } from '../helpers/listening.js';

/** Answers nothing until the signal is aborted, then ends the stream as a watch does. */
const watching: Handler = async ({ response, signal }) => {
  response.setHeader('content-type', 'application/json');
  response.flushHeaders();
  response.write('{"type":"ADDED"}\n');
  if (!signal.aborted) await once(signal, 'abort');
  response.end();
};

/** A handler that tells when it was called. */
function observed(inner: Handler): { handler: Handler; called: Promise<void> } {
  let tell = () => {};
  const called = new Promise<void>((resolve) => (tell = resolve));
  const handler: Handler = (request) => {
    const answered = inner(request);
    tell();
    return answered;
  };
  return { handler, called };
}

/** Sends a request over a version of HTTP; the function it returns leaves without waiting for the answer. */
function leavingHttp1({ listener, pki }: Listening): () => void {
  const socket = connectTls({ port: listener.port, host: '127.0.0.1', ca: pki.caCert, ...pki.admin });
  socket.write('GET /api/v1/pods?watch=1 HTTP/1.1\r\nhost: x\r\n\r\n');
  return () => void socket.destroy();
}
function leavingHttp2(listening: Listening): () => void {
  const stream = listening.session().request({ ':path': '/api/v1/pods?watch=1' });
  stream.on('error', () => {});
  return () => stream.close();
}

const sizeOfBody: Handler = async (request) => {
  const body = await request.body();
  request.response.end(JSON.stringify({ bytes: body.length }));
};

describe('listener', () => {
  let on: Listening | undefined;
  afterEach(async () => {
    await on?.close();
    on = undefined;
  });

  for (const version of ['http1', 'http2'] as const) {
    describe(`over ${version}`, () => {
      it('hands requests to the handler and marks the answer', async () => {
        on = await Listening.start(echo);
        const { status, headers, json } = await on[version]('/api/v1/pods');
        expect(status).to.equal(200);
        expect(json['verb']).to.equal('list');
        expect(headers['audit-id']).to.match(/^[0-9a-f-]{36}$/);
        expect(headers['cache-control']).to.equal('no-cache, private');
      });

      it("keeps the client's own Audit-ID", async () => {
        on = await Listening.start(echo);
        const { headers } = await on[version]('/api', { headers: { 'audit-id': 'mine' } });
        expect(headers['audit-id']).to.equal('mine');
      });

      it('reads bodies up to 3 MiB and refuses larger ones', async () => {
        on = await Listening.start(sizeOfBody);
        const limit = 3 * 1024 * 1024;
        expect((await on[version]('/api/v1/pods', { method: 'POST', body: Buffer.alloc(limit) })).json).to.deep.equal({ bytes: limit });
        const refused = await on[version]('/api/v1/pods', { method: 'POST', body: Buffer.alloc(limit + 1) });
        expect(refused.status).to.equal(413);
        expect(refused.json).to.include({ reason: 'RequestEntityTooLarge', message: 'Request entity too large: limit is 3145728' });
      });

      it('gives an absent body as an empty one', async () => {
        on = await Listening.start(sizeOfBody);
        expect((await on[version]('/api/v1/pods')).json).to.deep.equal({ bytes: 0 });
      });

      it('compresses large answers for clients that take gzip, and only those', async () => {
        const text = 'x'.repeat(10_000);
        on = await Listening.start(async ({ info, response }) => {
          for (let i = 0; i < Number(info.query.get('times')); i++) response.write(text);
          response.end();
        });
        const gzip = { headers: { 'accept-encoding': 'deflate, gzip' } };
        const large = await on[version]('/api/v1/pods?times=20', gzip);
        expect(large.headers).to.include({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
        expect(gunzipSync(large.body).toString()).to.equal(text.repeat(20));
        const small = await on[version]('/api/v1/pods?times=12', gzip);
        expect(small.headers).to.not.have.property('content-encoding');
        expect(small.headers['content-length']).to.equal('120000');
        expect(small.text).to.equal(text.repeat(12));
        const plain = await on[version]('/api/v1/pods?times=20');
        expect(plain.headers).to.not.have.property('content-encoding');
        expect(plain.body.length).to.equal(200_000);
        // upstream does not compress these
        const document = await on[version]('/openapi/v3/api/v1?times=20', gzip);
        expect(document.headers).to.not.have.property('content-encoding');
        expect(document.body.length).to.equal(200_000);
      });

      it('answers errors thrown by handlers with 500, also when something is held back for compression', async () => {
        on = await Listening.start(async ({ response }) => {
          response.write('half an answer');
          throw new Error('no good');
        });
        const { status, headers, json } = await on[version]('/api/v1/pods', { headers: { 'accept-encoding': 'gzip' } });
        expect(status).to.equal(500);
        expect(headers['content-type']).to.equal('application/json');
        expect(json).to.include({ kind: 'Status', reason: 'InternalError', message: 'Internal error occurred: no good' });
      });

      it('cuts an answer off when its handler fails in the middle', async () => {
        on = await Listening.start(async ({ response }) => {
          response.write('half an answer');
          await new Promise((resolve) => setImmediate(resolve));
          throw new Error('no good');
        });
        const failed = await on[version]('/api/v1/pods').catch((error: Error) => error);
        expect(failed).to.be.instanceOf(Error);
      });

      it('cuts an answer off when not even the error can be answered', async () => {
        on = await Listening.start(async ({ response }) => {
          response.setHeader = () => {
            throw new Error('no more headers');
          };
          throw new Error('no good');
        });
        const failed = await on[version]('/api/v1/pods').catch((error: Error) => error);
        expect(failed).to.be.instanceOf(Error);
      });

      it('aborts the signal when the client goes away', async () => {
        let aborted: Promise<unknown> = Promise.reject(new Error('never called'));
        aborted.catch(() => {});
        const { handler, called } = observed(async ({ signal }) => {
          aborted = once(signal, 'abort');
          await aborted;
        });
        on = await Listening.start(handler);
        const leave = version === 'http1' ? leavingHttp1(on) : leavingHttp2(on);
        await called;
        leave();
        await aborted;
      });

      it('ends watches cleanly when it closes', async () => {
        const { handler, called } = observed(watching);
        on = await Listening.start(handler);
        const watch = on[version]('/api/v1/pods?watch=true');
        await called;
        await on.listener.close(5_000);
        const { status, text } = await watch;
        expect(status).to.equal(200);
        expect(text).to.equal('{"type":"ADDED"}\n');
      });
    });
  }

  it('lets requests finish before it closes', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const { handler, called } = observed(async ({ response }) => {
      await released;
      response.end('done');
    });
    on = await Listening.start(handler);
    const get = on.http1('/api');
    await called;
    const closed = on.listener.close(5_000);
    release();
    expect((await get).text).to.equal('done');
    await closed;
  });

  it('aborts what does not finish within the grace period', async () => {
    const { handler, called } = observed(async ({ signal }) => {
      await once(signal, 'abort');
    });
    on = await Listening.start(handler);
    const get = on.http1('/api').catch((error: Error) => error);
    await called;
    await on.listener.close(10);
    expect(await get).to.be.instanceOf(Error);
  });

  it('takes no connections once it closes, and may be closed again', async () => {
    on = await Listening.start(echo);
    await on.http1('/api');
    const { port } = on.listener;
    await on.listener.close(100);
    await on.listener.close(0);
    const socket = connectTcp(port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNREFUSED');
  });

  it('does not wait for idle connections', async () => {
    on = await Listening.start(echo);
    const session = on.session();
    await over(session, '/api');
    const ended = once(session, 'close');
    await on.listener.close(60_000);
    await ended;
  });

  it('says which address is in use', async () => {
    on = await Listening.start(echo);
    const error = await Listening.start(echo, { port: on.listener.port }).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(UserError);
    expect((error as UserError).message).to.equal(
      `127.0.0.1:${on.listener.port} is in use: choose another port with --secure-port (0 takes any free one)`,
    );
  });

  it('survives garbage, broken handshakes and headers that are too large', async () => {
    on = await Listening.start(echo);
    const garbage = connectTcp(on.listener.port, '127.0.0.1');
    garbage.on('error', () => {});
    garbage.end('this is no TLS at all\r\n\r\n');
    await once(garbage, 'close');
    const tls = connectTls({ port: on.listener.port, host: '127.0.0.1', ca: on.pki.caCert });
    tls.on('error', () => {});
    tls.write('nonsense\r\n\r\n');
    const [refused] = (await once(tls, 'data')) as [Buffer];
    expect(refused.toString()).to.match(/^HTTP\/1\.1 400 /);
    const large = await on.http1('/api', { headers: { 'x-large': 'x'.repeat(1_100_000) } }).catch((e: unknown) => e);
    expect(large).to.satisfy((r: { status?: number } | Error) => r instanceof Error || r.status === 431);
    expect((await on.http1('/api', { headers: { 'x-large': 'x'.repeat(900_000) } })).status).to.equal(200);
  });

  describe('upgrades', () => {
    const upgradeRequest = 'GET /api/v1/namespaces/a/pods/b/exec HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n';

    function open(listening: Listening, client = listening.pki.admin as object) {
      return connectTls({ port: listening.listener.port, host: '127.0.0.1', ca: listening.pki.caCert, ...client });
    }

    it('go through the filters and may take the connection over', async () => {
      const metrics = newMetrics();
      on = await Listening.start(
        async ({ upgrade, user }: ApiRequest) => {
          const { socket } = upgrade?.accept() ?? {};
          socket?.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nhello ${user.username}`);
          socket?.end();
        },
        { metrics },
      );
      const socket = open(on);
      socket.write(upgradeRequest);
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      expect(text).to.match(/^HTTP\/1\.1 101 .*hello kubernetes-admin$/s);
      // measured like any other: the end of the connection is the end of the request
      let running: string | undefined;
      while (running !== '0') {
        await new Promise((resolve) => setImmediate(resolve));
        running = /^apiserver_longrunning_requests\{.*verb="CONNECT".*\} (\d+)$/m.exec(metrics.text())?.[1];
      }
    });

    it('are refused like any request', async () => {
      on = await Listening.start(echo);
      const socket = open(on, {});
      socket.write(upgradeRequest);
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      expect(text).to.match(/^HTTP\/1\.1 401 /);
    });

    it('are answered as usual by handlers that know nothing of them', async () => {
      on = await Listening.start(echo);
      const socket = open(on);
      socket.write(upgradeRequest);
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      expect(text).to.match(/^HTTP\/1\.1 200 .*"verb":"get"/s);
    });

    it('that were taken over end with the server', async () => {
      on = await Listening.start(async ({ upgrade, signal }: ApiRequest) => {
        const { socket } = upgrade?.accept() ?? {};
        socket?.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
        await once(signal, 'abort');
        socket?.end('bye');
      });
      const socket = open(on);
      socket.write(upgradeRequest);
      await once(socket, 'data');
      const bye = once(socket, 'data');
      await on.listener.close(5_000);
      expect(String((await bye)[0])).to.equal('bye');
    });
  });
});
