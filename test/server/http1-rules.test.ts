// What Go's net/http refuses before a handler sees it, as kube-apiserver v1.36.3 answers it.
import { once } from 'node:events';
import { connect } from 'node:tls';
import { expect } from 'chai';
import { echo, Listening } from '../helpers/listening.js';

describe('HTTP/1 before anybody looks at a request', () => {
  let on: Listening;
  before(async () => void (on = await Listening.start(echo)));
  after(() => on.close());

  /** Sends bytes as they are, and reads until the server closes the connection. */
  async function answer(bytes: string): Promise<string> {
    const socket = connect({ port: on.listener.port, host: '127.0.0.1', ca: on.pki.caCert, ALPNProtocols: ['http/1.1'], ...on.pki.admin });
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.write(bytes);
    await once(socket, 'close');
    return text;
  }

  const host = 'Host: x\r\n';
  const wrong: [what: string, request: string, answer: string][] = [
    ['version 2 in plain text', `GET /version HTTP/2.0\r\n${host}\r\n`, '505 HTTP Version Not Supported: unsupported protocol version'],
    ['no version', 'GET /version\r\n\r\n', '400 Bad Request'],
    ['no Host', 'GET /version HTTP/1.1\r\n\r\n', '400 Bad Request: missing required Host header'],
    ['two Hosts', `GET /version HTTP/1.1\r\n${host}${host}\r\n`, '400 Bad Request'],
    ['a strange Host', 'GET /version HTTP/1.1\r\nHost: a b<>\r\n\r\n', '400 Bad Request: malformed Host header'],
    [
      'no Host of an upgrade',
      'GET /version HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
      '400 Bad Request: missing required Host header',
    ],
    ['half an escape', `GET /api/v1/namespaces/%zz HTTP/1.1\r\n${host}\r\n`, '400 Bad Request'],
    ['no HTTP at all', 'asdf\r\n\r\n', '400 Bad Request'],
    ['headers of 1.2 MB', `GET /version HTTP/1.1\r\n${host}x: ${'a'.repeat(1_200_000)}\r\n\r\n`, '431 Request Header Fields Too Large'],
  ];
  for (const [what, request, told] of wrong)
    it(`refuses ${what}, in plain text, and goes on serving`, async () => {
      const [head = '', body] = (await answer(request)).split('\r\n\r\n');
      expect(head).to.equal(`HTTP/1.1 ${told.split(':')[0]}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close`);
      expect(body).to.equal(told);
      expect((await on.http1('/api/v1/pods')).status).to.equal(200);
    });

  it('ends a connection that changes the protocol while a request on it is not answered, and goes on serving', async () => {
    const first = `POST /api/v1/pods HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    await answer(`${first}GET /api/v1/namespaces/a/pods/b/exec HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: x\r\n\r\n`);
    expect((await on.http1('/api/v1/pods')).status).to.equal(200);
  });

  it('answers HTTP/1.0 without Host, and a target with a server in it', async () => {
    const lines = ['GET /api/v1/pods HTTP/1.0\r\n', `GET https://other:6443/api/v1/pods HTTP/1.1\r\nConnection: close\r\n${host}`];
    for (const line of lines) {
      const text = await answer(`${line}\r\n`);
      expect(text).to.match(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text).to.contain('"verb":"list"');
    }
  });
});
