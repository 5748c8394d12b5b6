// Whether the cluster of a data directory runs: who would write into the directory must know.
import { request } from 'node:https';
import { join } from 'node:path';
import { type Access, readKubeconfig } from './server/kubeconfig.js';
import { UserError } from './util/user-error.js';

/** A server on this machine answers sooner, unless it hangs; then the lock on its store tells. */
const TIMEOUT_MS = 2000;

/**
 * Looks at the lock on the store, which a cluster in memory has not, and at the server, whose address may be lost.
 * @throws UserError when the cluster of the directory runs
 */
export async function assertStopped(directory: string): Promise<void> {
  // LevelDB's native part is loaded by whom it is for
  const { assertUnused } = await import('./storage/lock.js');
  await assertUnused(join(directory, 'store')).catch((error: Error) => {
    throw new UserError(`${error.message}: stop it first`, 'failure', { cause: error });
  });
  await assertSilent(directory);
}

/** @throws UserError when the server that the kubeconfig of the directory names answers */
export async function assertSilent(directory: string): Promise<void> {
  const access = await readKubeconfig(directory).catch(() => undefined);
  if (access && (await answers(access))) throw new UserError(`the cluster of ${directory} is running at ${access.server}: stop it first`);
}

/** Any answer counts: whoever has the cluster's certificate is the cluster. */
function answers({ server, ca, client }: Access): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { ca, cert: client.cert, key: client.key, agent: false, timeout: TIMEOUT_MS };
    const sent = request(new URL('/version', server), options, (response) => {
      response.resume();
      resolve(true);
    });
    sent.on('error', () => resolve(false));
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.end();
  });
}
