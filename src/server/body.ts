import type { Readable } from 'node:stream';
import { badRequest, requestEntityTooLarge } from '../api/meta/errors.js';

/** What a request may carry (upstream's MaxRequestBodyBytes). */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/**
 * Reads a whole body.
 * @param signal a body that is still coming when this is aborted is given up
 * @throws ApiError RequestEntityTooLarge, or BadRequest when the client breaks off
 */
export function readBody(stream: Readable, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (finish: () => void) => {
      stream.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
      signal.removeEventListener('abort', onBroken);
      finish();
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else
        settle(() => {
          // the rest is read and dropped, so that the client gets to read the answer
          stream.resume();
          reject(requestEntityTooLarge(`Request entity too large: limit is ${MAX_BODY_BYTES}`));
        });
    };
    const onEnd = () => settle(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size)));
    const onBroken = () => settle(() => reject(badRequest('unexpected EOF')));
    if (signal.aborted) return onBroken();
    signal.addEventListener('abort', onBroken);
    stream.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}
