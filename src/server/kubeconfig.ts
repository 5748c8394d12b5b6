import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostPort } from '../util/host-port.js';
import { save } from '../util/save.js';
import { UserError } from '../util/user-error.js';
import type { KeyPair } from './certificates.js';

/** What a kubeconfig says: where the server is, how to know it, and who one is. */
export interface Access {
  /** https://127.0.0.1:6443 */
  readonly server: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  readonly client: KeyPair;
}

/** Where the kubeconfig of a data directory is. */
export function kubeconfigPath(dataDir: string): string {
  return join(dataDir, 'kubeconfig');
}

/** The address under which clients on this machine reach a server. */
export function serverUrl(bindAddress: string, port: number): string {
  const host = bindAddress === '0.0.0.0' ? '127.0.0.1' : bindAddress === '::' ? '::1' : bindAddress;
  return `https://${hostPort(host, port)}`;
}

/** A kubeconfig with everything in it: no other file is needed. */
function kubeconfigText({ server, ca, client }: Access): string {
  const data = (pem: string) => Buffer.from(pem).toString('base64');
  return `apiVersion: v1
kind: Config
clusters:
- name: kubemu
  cluster:
    server: ${server}
    certificate-authority-data: ${data(ca)}
users:
- name: kubernetes-admin
  user:
    client-certificate-data: ${data(client.cert)}
    client-key-data: ${data(client.key)}
contexts:
- name: kubemu
  context:
    cluster: kubemu
    user: kubernetes-admin
current-context: kubemu
`;
}

/** Writes DATA_DIR/kubeconfig, readable by its owner only. @returns its path */
export async function writeKubeconfig(dataDir: string, access: Access): Promise<string> {
  const path = kubeconfigPath(dataDir);
  await save(path, kubeconfigText(access), 0o600);
  return path;
}

/**
 * Reads a kubeconfig that `writeKubeconfig` has written.
 * @throws UserError when there is none, or another program has written it
 */
export async function readKubeconfig(dataDir: string): Promise<Access> {
  const path = kubeconfigPath(dataDir);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(
      `no cluster found: ${path} cannot be read (start one with "kubemu up", or say where it is with --data-dir)`,
      'failure',
      { cause: error },
    );
  }
  const field = (name: string) => {
    const found = new RegExp(`^ {4}${name}: (\\S+)$`, 'm').exec(text)?.[1];
    if (found === undefined) throw new UserError(`${path} was not written by kubemu: it has no ${name}`);
    return found;
  };
  const pem = (name: string) => {
    const decoded = Buffer.from(field(name), 'base64').toString();
    if (!decoded.startsWith('-----BEGIN ')) throw new UserError(`${path} was not written by kubemu: its ${name} is no PEM`);
    return decoded;
  };
  return {
    server: field('server'),
    ca: pem('certificate-authority-data'),
    client: { cert: pem('client-certificate-data'), key: pem('client-key-data') },
  };
}
