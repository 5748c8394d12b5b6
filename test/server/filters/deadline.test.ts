import { once } from 'node:events';
import { expect } from 'chai';
import type { Handler } from '../../../src/handlers/request.js';
import { Listening } from '../../helpers/listening.js';

/** Never answers by itself; tries to, after it was told to stop. */
const late: Handler = async ({ response, signal }) => {
  await once(signal, 'abort');
  response.end('too late');
};

const TIMEOUT = {
  metadata: {},
  status: 'Failure',
  message: 'Timeout: request did not complete within the allotted timeout',
  reason: 'Timeout',
  details: {},
  code: 504,
};

describe('deadline', () => {
  let on: Listening;
  afterEach(() => on.close());

  for (const version of ['http1', 'http2'] as const) {
    it(`answers 504 when a request takes too long over ${version}`, async () => {
      on = await Listening.start(late, { requestTimeoutMs: 20 });
      const { status, json, headers } = await on[version]('/api/v1/pods', { headers: { 'accept-encoding': 'gzip' } });
      expect(status).to.equal(504);
      expect(json).to.deep.equal(TIMEOUT);
      expect(headers['content-type']).to.equal('text/plain; charset=utf-8');
    });

    it(`cuts an answer that takes too long over ${version}`, async () => {
      on = await Listening.start(
        async ({ response, signal }) => {
          response.write('begun');
          await once(signal, 'abort');
        },
        { requestTimeoutMs: 20 },
      );
      expect(await on[version]('/api/v1/pods').catch((e: unknown) => e)).to.be.instanceOf(Error);
    });
  }

  it('comes sooner when the client says so, never later', async () => {
    on = await Listening.start(late, { requestTimeoutMs: 60_000 });
    expect((await on.http1('/api/v1/pods?timeout=20ms')).status).to.equal(504);
    await on.close();
    on = await Listening.start(late, { requestTimeoutMs: 20 });
    expect((await on.http1('/api/v1/pods?timeout=1h')).status).to.equal(504);
    expect((await on.http1('/api/v1/pods?timeout=0s')).status).to.equal(504);
  });

  it('refuses what is no duration', async () => {
    on = await Listening.start(late);
    const { status, json } = await on.http1('/api/v1/pods?timeout=abc');
    expect(status).to.equal(400);
    expect(json.message).to.equal('invalid timeout specified in the request URL - time: invalid duration "abc"');
  });

  it('does not hold for watches', async () => {
    let aborted = false;
    on = await Listening.start(
      async ({ response, signal }) => {
        signal.addEventListener('abort', () => (aborted = true));
        // twice the deadline of other requests
        await new Promise((resolve) => setTimeout(resolve, 20));
        response.end('events');
      },
      { requestTimeoutMs: 10 },
    );
    expect((await on.http1('/api/v1/pods?watch=1&timeout=1ms')).text).to.equal('events');
    expect(aborted).to.equal(false);
  });

  it('gives up bodies that do not arrive', async () => {
    on = await Listening.start(async (request) => void (await request.body()), { requestTimeoutMs: 20 });
    const session = on.session();
    const stream = session.request({ ':method': 'POST', ':path': '/api/v1/pods' });
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect(headers[':status']).to.equal(504);
  });
});
