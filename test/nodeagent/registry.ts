// A registry of images for tests: one image, and only for who has the password.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { tarOf } from '../../src/nodeagent/docker-pause.js';
import { BUSYBOX } from './docker-image.js';

export interface TestRegistry {
  /** With registry and tag. */
  readonly image: string;
  /** HOST:PORT. */
  readonly host: string;
  close(): Promise<void>;
}

const digestOf = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** Serves an image that only waits, at any free port of this machine. @param login USER:PASSWORD */
export async function startRegistry(login: string, architecture: string): Promise<TestRegistry> {
  const layer = tarOf('bin/busybox', readFileSync(BUSYBOX));
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: { Cmd: [BUSYBOX, 'sleep', '1000'] },
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
  );
  const part = (mediaType: string, content: Buffer) => ({ mediaType, size: content.length, digest: digestOf(content) });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: part('application/vnd.oci.image.config.v1+json', config),
      layers: [part('application/vnd.oci.image.layer.v1.tar', layer)],
    }),
  );
  const contents = new Map<string, Buffer>([
    ['/v2/', Buffer.alloc(0)],
    ['/v2/bakery/oven/manifests/1.0', manifest],
    ...[manifest, config, layer].flatMap((c): [string, Buffer][] => [
      [`/v2/bakery/oven/manifests/${digestOf(c)}`, c],
      [`/v2/bakery/oven/blobs/${digestOf(c)}`, c],
    ]),
  ]);
  const expected = `Basic ${Buffer.from(login).toString('base64')}`;
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const content = contents.get(request.url ?? '');
    if (request.headers.authorization !== expected) response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
    else if (!content) response.writeHead(404).end();
    else {
      const type = content === manifest ? mediaType : 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, 'content-length': content.length, 'docker-content-digest': digestOf(content) });
      response.end(request.method === 'HEAD' ? undefined : content);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    image: `${host}/bakery/oven:1.0`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
