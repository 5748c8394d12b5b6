import { expect } from 'chai';
import request from 'supertest';
import { sendContent } from '../../src/handlers/content.js';
import { serveHandler } from '../helpers/handler-server.js';

const MADE = Date.UTC(2026, 0, 1) + 400;
const DATE = 'Thu, 01 Jan 2026 00:00:00 GMT';
const content = { body: Buffer.from('0123456789'), contentType: 'text/plain', etag: 'TAG', made: MADE };
const server = request(serveHandler(async (r) => sendContent(r, content)));
const untagged = request(serveHandler(async (r) => sendContent(r, { body: content.body, contentType: 'text/plain', made: MADE })));

function get(headers: Record<string, string>) {
  return server.get('/').set(headers);
}

describe('a document that clients keep', () => {
  it('tells its tag, its date and that it comes in parts', async () => {
    const { headers, text } = await get({}).expect(200);
    expect(text).to.equal('0123456789');
    expect(headers).to.include({ etag: '"TAG"', 'last-modified': DATE, 'accept-ranges': 'bytes', 'content-length': '10' });
    const head = await server.head('/').expect(200);
    expect(head.headers).to.include({ etag: '"TAG"', 'content-length': '10', 'content-type': 'text/plain' });
  });

  it('is not sent again to who has it', async () => {
    for (const tag of ['"TAG"', 'W/"TAG"', '"a" , "TAG"', '*', ',"a",*']) {
      const { headers, text } = await get({ 'If-None-Match': tag }).expect(304);
      expect(text).to.equal('');
      expect(headers).to.include({ etag: '"TAG"' });
      expect(headers).not.to.have.any.keys('content-type', 'last-modified');
    }
    for (const tag of ['"other"', 'TAG', 'broken, "TAG"']) await get({ 'If-None-Match': tag }).expect(200);
    await get({ 'If-Modified-Since': DATE }).expect(304);
    await get({ 'If-Modified-Since': 'Wed, 31 Dec 2025 23:59:59 GMT' }).expect(200);
    await get({ 'If-Modified-Since': 'no date' }).expect(200);
    await get({ 'If-Modified-Since': DATE, 'If-None-Match': '"other"' }).expect(200);
    expect((await untagged.get('/').set('If-None-Match', '*').expect(304)).headers).to.include({ 'last-modified': DATE });
  });

  it('is refused to who has another', async () => {
    for (const tag of ['"other"', 'W/"TAG"']) await get({ 'If-Match': tag }).expect(412, '');
    for (const tag of ['"TAG"', '*']) await get({ 'If-Match': tag }).expect(200);
    await get({ 'If-Unmodified-Since': 'Wed, 31 Dec 2025 23:59:59 GMT' }).expect(412, '');
    await get({ 'If-Unmodified-Since': DATE }).expect(200);
    await server.put('/').set('If-None-Match', '"TAG"').expect(412, '');
    await server.put('/').set('If-None-Match', '"other"').expect(200);
  });

  it('comes in parts', async () => {
    const parts: [string, string, string][] = [
      ['bytes=0-1', 'bytes 0-1/10', '01'],
      ['bytes=7-', 'bytes 7-9/10', '789'],
      ['bytes=-4', 'bytes 6-9/10', '6789'],
      ['bytes=-99', 'bytes 0-9/10', '0123456789'],
      ['bytes= 8 - 20 ,', 'bytes 8-9/10', '89'],
      ['bytes=99-,0-0', 'bytes 0-0/10', '0'],
    ];
    for (const [range, told, text] of parts) {
      const answer = await get({ Range: range }).expect(206, text);
      expect(answer.headers['content-range'], range).to.equal(told);
    }
    await get({ Range: 'bytes=0-1', 'If-Range': '"other"' }).expect(200);
    await get({ Range: 'bytes=0-1', 'If-Range': 'Fri, 02 Jan 2026 00:00:00 GMT' }).expect(200);
    for (const current of ['"TAG"', DATE]) await get({ Range: 'bytes=0-1', 'If-Range': current }).expect(206);
    // more than there is
    await get({ Range: 'bytes=0-9,0-9' }).expect(200);
  });

  it('comes in several parts at once', async () => {
    const { headers, body } = await get({ Range: 'bytes=0-1,4-5' })
      .buffer(true)
      .parse((response, done) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => done(null, text));
      })
      .expect(206);
    const [, boundary] = /^multipart\/byteranges; boundary=([0-9a-f]{60})$/.exec(headers['content-type'] as string) ?? [];
    const part = (range: string, text: string) =>
      `--${boundary}\r\nContent-Range: bytes ${range}/10\r\nContent-Type: text/plain\r\n\r\n${text}\r\n`;
    expect(body).to.equal(`${part('0-1', '01')}${part('4-5', '45')}--${boundary}--\r\n`);
  });

  it('has no parts behind its end', async () => {
    const behind = await get({ Range: 'bytes=10-' }).expect(416, 'invalid range: failed to overlap\n');
    expect(behind.headers).to.include({ 'content-range': 'bytes */10', 'content-type': 'text/plain; charset=utf-8' });
    expect(behind.headers).not.to.have.any.keys('etag', 'last-modified');
    for (const range of ['lines=1-2', 'bytes=x-y', 'bytes=5-4', 'bytes=-', 'bytes=5']) {
      const { headers } = await get({ Range: range }).expect(416, 'invalid range\n');
      expect(headers, range).not.to.have.property('content-range');
    }
  });
});
