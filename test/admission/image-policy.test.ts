// The server that is asked is one of the test's own. What it is told, and what becomes of its answers, is as with kube-apiserver v1.36.
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect } from 'chai';
import type { Admission } from '../../src/api/admission.js';
import { issue, type KeyPair, makeAuthority } from '../../src/server/certificates.js';
import { VirtualClock } from '../../src/util/clock.js';
import { configured, refusal, type Write } from './helpers.js';

interface Answer {
  readonly code?: number;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  /** Text, or what is sent as JSON; undefined: the connection is closed. */
  readonly body: unknown;
}

const allowed = (status: object = { allowed: true }): Answer => ({
  body: { apiVersion: 'imagepolicy.k8s.io/v1alpha1', kind: 'ImageReview', status },
});
const text = (code: number, body: string): Answer => ({ code, type: 'text/plain', body });

/** A server that notes what it is asked. */
class Backend {
  readonly seen: { method: string; url: string; from: string; authorization: string; body: unknown }[] = [];
  answer: Answer = allowed();
  readonly #server: Server;

  constructor(serving: KeyPair, ca: string) {
    this.#server = createServer({ ...serving, ca, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const from = String((request.socket as TLSSocket).getPeerCertificate().subject?.CN);
        this.seen.push({
          method,
          url,
          from,
          authorization: headers.authorization ?? '',
          body: JSON.parse(Buffer.concat(chunks).toString()),
        });
        const { code = 200, type = 'application/json', headers: more = {}, body } = this.answer;
        if (body === undefined) return request.socket.destroy();
        response.writeHead(code, { 'content-type': type, ...more });
        return response.end(typeof body === 'string' ? body : JSON.stringify(body));
      });
    });
  }

  async start(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.close();
    await once(this.#server, 'close');
  }
}

describe('ImagePolicyWebhook', () => {
  const enable = ['ImagePolicyWebhook'];
  let directory: string;
  let backend: Backend;
  let clock: VirtualClock;
  let cluster: object;
  let user: object;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kubemu-test-'));
    const authority = await makeAuthority('test', 1);
    const serving = await issue(authority, { commonName: 'backend' }, 1, { dns: [], ips: ['127.0.0.1'] });
    const client = await issue(authority, { commonName: 'apiserver' }, 1);
    await Promise.all([
      writeFile(join(directory, 'ca.crt'), authority.cert),
      writeFile(join(directory, 'client.crt'), client.cert),
      writeFile(join(directory, 'client.key'), client.key),
      writeFile(join(directory, 'token'), 'from-a-file\n'),
    ]);
    backend = new Backend(serving, authority.cert);
    const port = await backend.start();
    cluster = { server: `https://127.0.0.1:${port}/policy`, 'certificate-authority': 'ca.crt' };
    user = { 'client-certificate': 'client.crt', 'client-key': 'client.key', token: 'secret' };
  });
  beforeEach(() => {
    backend.seen.length = 0;
    backend.answer = allowed();
    clock = new VirtualClock();
  });
  after(async () => {
    await backend.stop();
    await rm(directory, { recursive: true });
  });

  async function server(policy: object = {}, access: { cluster?: object; user?: object } = {}): Promise<Admission> {
    const kubeConfigFile = join(directory, 'kubeconfig');
    const config = {
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { ...cluster, ...access.cluster } }],
      users: [{ name: 'u', user: access.user ?? user }],
    };
    await writeFile(kubeConfigFile, JSON.stringify(config));
    return configured(enable, { ImagePolicyWebhook: { imagePolicy: { kubeConfigFile, retryBackoff: -1, ...policy } } });
  }
  const pod = (images: string[], more: { annotations?: object; spec?: object } = {}) => ({
    metadata: { name: 'p', annotations: more.annotations },
    spec: { containers: images.map((image, i) => ({ name: `c${i}`, image })), ...more.spec },
  });
  const send = (admission: Admission, more: Partial<Write> = {}) =>
    refusal({ resource: 'pods', object: pod(['i']), admission, clock, ...more });

  it('shows the server the images of a pod, and what annotations are for it', async () => {
    const object = pod(['a', 'b'], {
      annotations: { 'x.image-policy.k8s.io/ticket': '1', other: '2' },
      spec: { initContainers: [{ name: 'i', image: 'init' }] },
    });
    expect(await send(await server(), { object })).to.equal('admitted');
    expect(backend.seen).to.deep.equal([
      {
        method: 'POST',
        url: '/policy?timeout=30s',
        from: 'apiserver',
        authorization: 'Bearer secret',
        body: {
          kind: 'ImageReview',
          apiVersion: 'imagepolicy.k8s.io/v1alpha1',
          metadata: {},
          spec: {
            containers: [{ image: 'a' }, { image: 'b' }, { image: 'init' }],
            annotations: { 'x.image-policy.k8s.io/ticket': '1' },
            namespace: 'ns',
          },
          status: { allowed: false },
        },
      },
    ]);
  });

  it('asks of updates and ephemeral containers, of nothing else', async () => {
    const admission = await server();
    const withDebugger = pod(['a'], { spec: { ephemeralContainers: [{ name: 'e', image: 'debug' }] } });
    expect(await send(admission, { subresource: 'ephemeralcontainers', object: withDebugger, old: pod(['a']) })).to.equal('admitted');
    expect(backend.seen[0]?.body)
      .to.have.nested.property('spec.containers')
      .that.deep.equals([{ image: 'debug' }]);
    expect(await send(admission, { subresource: 'status', old: pod(['i']) })).to.equal('admitted');
    expect(await send(admission, { resource: 'configmaps', object: { metadata: { name: 'c' } } })).to.equal('admitted');
    expect(backend.seen).to.have.length(1);
    expect(await send(admission, { old: pod(['other']) })).to.equal('admitted');
    expect(backend.seen).to.have.length(2);
  });

  it('refuses what the server does not allow', async () => {
    const admission = await server({ denyTTL: -1 });
    backend.answer = allowed({ allowed: false, reason: 'unsigned' });
    expect(await send(admission)).to.equal('pods "p" is forbidden: image policy webhook backend denied one or more images: unsigned');
    backend.answer = allowed({});
    expect(await send(admission)).to.equal('pods "p" is forbidden: one or more images rejected by webhook backend');
  });

  it('remembers answers for a while', async () => {
    const admission = await server({ allowTTL: 2, denyTTL: -1 });
    for (let i = 0; i < 3; i++) expect(await send(admission)).to.equal('admitted');
    expect(backend.seen).to.have.length(1);
    await clock.advance(2001);
    backend.answer = allowed({});
    for (let i = 0; i < 2; i++) expect(await send(admission)).to.contain('rejected');
    expect(backend.seen).to.have.length(3);
  });

  describe('while the server does not answer', () => {
    const told: readonly [string, Answer, string, tries?: number][] = [
      ['fails', text(500, 'oh no'), 'an error on the server ("oh no") has prevented the request from succeeding', 5],
      ['has no time', text(429, ''), 'the server has received too many requests and has asked us to try again later', 5],
      ['is busy', text(503, 'busy'), 'the server is currently unable to handle the request'],
      [
        'is busy for a second',
        { ...text(503, ''), headers: { 'retry-after': '1' } },
        'the server is currently unable to handle the request',
        5,
      ],
      ['is elsewhere', text(404, ''), 'the server could not find the requested resource'],
      ['is a teapot', text(418, ''), 'the server responded with the status code 418 but did not return more information'],
      ['says nothing', { body: '' }, '0-length response with status code: 200 and content type: application/json'],
      [
        'says something else',
        { body: { status: { allowed: 1 } } },
        'json: cannot unmarshal number into Go struct field ImageReviewStatus.status.allowed of type bool',
      ],
      [
        'speaks of another version',
        { body: { apiVersion: 'imagepolicy.k8s.io/v1', kind: 'ImageReview' } },
        'no kind "ImageReview" is registered for version "imagepolicy.k8s.io/v1" in scheme "pkg/runtime/scheme.go:111"',
      ],
      ['hangs up', { body: undefined }, 'EOF'],
    ];
    for (const [what, answer, why, tries = 1] of told)
      it(`since it ${what}, pods are refused`, async () => {
        backend.answer = answer;
        const message = await send(await server());
        expect(message.replace(/Post "https:.*?": /, '')).to.equal(`pods "p" is forbidden: ${why}`);
        expect(backend.seen).to.have.length(tries);
      });

    it('a refusal of the server itself is passed on', async () => {
      const admission = await server();
      backend.answer = text(403, 'go away');
      expect(await send(admission)).to.equal('go away');
      backend.answer = { code: 403, body: { kind: 'Status', status: 'Failure', reason: 'Forbidden', message: 'no way', code: 403 } };
      expect(await send(admission)).to.equal('no way');
    });

    it('it is asked again after a pause that grows by half', async () => {
      backend.answer = text(500, '');
      const pending = send(await server({ retryBackoff: 100 }));
      const asked: number[] = [];
      let done = false;
      void pending.then(() => (done = true));
      while (!done) {
        const pause = clock.next();
        if (pause !== undefined) {
          asked.push(pause - clock.now());
          await clock.advance(pause - clock.now());
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await pending).to.contain('an error on the server');
      expect(asked).to.have.length(4);
      asked.forEach((pause, i) => expect(pause).to.be.within(100 * 1.5 ** i, 120 * 1.5 ** i));
    });

    it('it may be that everything is allowed', async () => {
      const admission = await server({ defaultAllow: true });
      backend.answer = text(500, '');
      expect(await send(admission)).to.equal('admitted');
      backend.answer = allowed({ allowed: false });
      expect(await send(admission)).to.contain('rejected');
    });

    it('it is told where it cannot be reached, or trusted', async () => {
      const closed = await server({}, { cluster: { server: 'https://127.0.0.1:1/policy' } });
      expect(await send(closed)).to.equal(
        'pods "p" is forbidden: Post "https://127.0.0.1:1/policy?timeout=30s": dial tcp 127.0.0.1:1: connect: connection refused',
      );
      const foreign = (await makeAuthority('foreign', 1)).cert;
      const data = { 'certificate-authority': undefined, 'certificate-authority-data': Buffer.from(foreign).toString('base64') };
      expect(await send(await server({}, { cluster: data }))).to.match(
        /tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
      );
      const trusting = { 'certificate-authority': undefined, 'insecure-skip-tls-verify': true };
      expect(await send(await server({}, { cluster: trusting }))).to.equal('admitted');
    });
  });

  it('tells the server who asks: by a token, which may stand in a file, or a password', async () => {
    const authorizationOf = async (credentials: object) => {
      expect(await send(await server({}, { user: credentials }))).to.equal('admitted');
      return backend.seen.at(-1)?.authorization;
    };
    expect(await authorizationOf({ tokenFile: 'token' })).to.equal('Bearer from-a-file');
    expect(await authorizationOf({ username: 'jane', password: 'x' })).to.equal(`Basic ${Buffer.from('jane:x').toString('base64')}`);
    expect(await authorizationOf({})).to.equal('');
  });

  describe('is refused at the start', () => {
    const why = async (policy: object, access: { cluster?: object; user?: object } = {}): Promise<string> => {
      const error: unknown = await server(policy, access).catch((e: unknown) => e);
      return String((error as Error).message).replace(/^.*plugins\[0\]\.configuration: (imagePolicy\.kubeConfigFile=\S*: )?/, '');
    };

    it('with times that are out of range', async () => {
      expect(await why({ allowTTL: 1801 })).to.equal('imagePolicy.allowTTL: valid value is between 1s and 30m0s, got 30m1s');
      expect(await why({ denyTTL: -2 })).to.equal('imagePolicy.denyTTL: valid value is between 1s and 30m0s, got -2s');
      expect(await why({ retryBackoff: 300001 })).to.equal('imagePolicy.retryBackoff: valid value is between 1ns and 5m0s, got 5m0.001s');
      expect(await why({ allowTTL: 1.5 })).to.equal(
        'json: cannot unmarshal number 1.5 into Go struct field imagePolicyWebhookConfig.imagePolicy.allowTTL of type time.Duration',
      );
    });

    it('with a kubeconfig that says too little, or what is not understood', async () => {
      expect(await why({ kubeConfigFile: undefined })).to.equal('imagePolicy.kubeConfigFile: Required value');
      expect(await why({ kubeConfigFile: '/nowhere' })).to.match(/^cannot be read: ENOENT/);
      expect(await why({}, { cluster: { server: undefined } })).to.equal('cluster has no server defined');
      expect(await why({}, { cluster: { server: 'a b' } })).to.match(/^server=a b: must be a URL/);
      expect(await why({}, { cluster: { 'certificate-authority': 'missing' } })).to.match(/^certificate-authority: cannot be read: ENOENT/);
      expect(await why({}, { cluster: { 'certificate-authority': 'token' } })).to.match(/^certificate-authority: unable to load/);
      expect(await why({}, { user: { 'client-certificate': 'client.crt' } })).to.equal(
        'client-certificate and client-key must be given together',
      );
      expect(await why({}, { user: { 'client-certificate': 'client.crt', 'client-key': 'token' } })).to.match(
        /^client-certificate, client-key: /,
      );
      expect(await why({}, { user: { exec: { command: 'x' } } })).to.equal('exec is not supported yet');
      expect(await why({}, { cluster: { 'insecure-skip-tls-verify': true } })).to.equal(
        'specifying a root certificates file with the insecure flag is not allowed',
      );
    });
  });
});
