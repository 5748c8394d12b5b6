// How to reach a server that is asked for its opinion: what a kubeconfig says of it.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { ANY, listType, scalarType } from '../../api/schema/types.js';
import { ConfigurationDocument, configurationType, documentType, STRING } from '../configuration/document.js';

/** Where a server is, how to know it, and who one is to it. */
export interface Access {
  readonly url: URL;
  /** PEM: who may have signed its certificate (undefined: any public authority), and a certificate to show it. */
  readonly keys: { readonly ca: Buffer | undefined; readonly cert: Buffer | undefined; readonly key: Buffer | undefined };
  /** Whether its certificate is looked at. */
  readonly verified: boolean;
  /** The name that its certificate is for, where that is not the host's. */
  readonly serverName: string | undefined;
  /** The Authorization header. A file with a token is read each time: tokens change. */
  readonly authorization: () => Promise<string | undefined>;
}

interface Cluster {
  readonly server?: string;
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'certificate-authority'?: string;
  readonly 'certificate-authority-data'?: string;
}

interface User {
  readonly 'client-certificate'?: string;
  readonly 'client-certificate-data'?: string;
  readonly 'client-key'?: string;
  readonly 'client-key-data'?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly username?: string;
  readonly password?: string;
}

interface Kubeconfig {
  readonly 'current-context'?: string;
  readonly contexts?: readonly { readonly name?: string; readonly context?: { readonly cluster?: string; readonly user?: string } }[];
  readonly clusters?: readonly { readonly name?: string; readonly cluster?: Cluster }[];
  readonly users?: readonly { readonly name?: string; readonly user?: User }[];
}

const BYTES = scalarType('bytes');
const texts = (...names: string[]) => Object.fromEntries(names.map((name) => [name, STRING]));
const bytes = (...names: string[]) => Object.fromEntries(names.map((name) => [name, BYTES]));
/** What would have to be understood to reach the server as its kubeconfig says. */
const UNSUPPORTED = ['proxy-url', 'exec', 'auth-provider', 'as', 'as-uid', 'as-groups', 'as-user-extra'];
const unsupported = Object.fromEntries(UNSUPPORTED.map((name) => [name, ANY]));

const CLUSTER = configurationType('v1.Cluster', {
  ...texts('server', 'tls-server-name', 'certificate-authority'),
  ...bytes('certificate-authority-data'),
  ...unsupported,
  'insecure-skip-tls-verify': scalarType('bool'),
});
const USER = configurationType('v1.AuthInfo', {
  ...texts('client-certificate', 'client-key', 'token', 'tokenFile', 'username', 'password'),
  ...bytes('client-certificate-data', 'client-key-data'),
  ...unsupported,
});
const TYPE = documentType('v1.Config', {
  'current-context': STRING,
  contexts: listType(
    configurationType('v1.NamedContext', { name: STRING, context: configurationType('v1.Context', texts('cluster', 'user')) }),
  ),
  clusters: listType(configurationType('v1.NamedCluster', { name: STRING, cluster: CLUSTER })),
  users: listType(configurationType('v1.NamedAuthInfo', { name: STRING, user: USER })),
});

/**
 * Reads what the current context of a kubeconfig says.
 * @param origin how messages begin
 * @throws UserError when it cannot be read, names files that cannot, or asks for what is not supported
 */
export async function readAccess(origin: string, path: string): Promise<Access> {
  const document = ConfigurationDocument.parse(
    origin,
    (await contentOf(new ConfigurationDocument(origin, undefined, []), path)).toString(),
  );
  const config = document.decode<Kubeconfig>({ type: TYPE, strict: false });
  const current = config['current-context'] ?? '';
  const context = config.contexts?.find(({ name }) => name === current)?.context;
  if (!context) throw document.error(`current-context: context was not found for specified context: ${current}`);
  const cluster = config.clusters?.find(({ name }) => name === context.cluster)?.cluster ?? {};
  const user = config.users?.find(({ name }) => name === context.user)?.user ?? {};
  for (const name of UNSUPPORTED) if (isSet(cluster, name) || isSet(user, name)) throw document.error(`${name} is not supported yet`);
  const directory = dirname(path);
  const { token, tokenFile, username, password = '' } = user;
  return {
    url: urlOf(document, cluster),
    keys: await keysOf(document, directory, cluster, user),
    verified: cluster['insecure-skip-tls-verify'] !== true,
    serverName: cluster['tls-server-name'],
    authorization: async () => {
      if (tokenFile) return `Bearer ${(await readFile(resolve(directory, tokenFile), 'utf8')).trim()}`;
      if (token) return `Bearer ${token}`;
      return username === undefined ? undefined : `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    },
  };
}

function isSet(part: object, name: string): boolean {
  const value: unknown = (part as Record<string, unknown>)[name];
  return value !== undefined && value !== null;
}

function urlOf(document: ConfigurationDocument, { server = '' }: Cluster): URL {
  if (server === '') throw document.error('cluster has no server defined');
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw document.error(`server=${server}: must be a URL such as https://127.0.0.1:8443/policy`);
}

async function keysOf(document: ConfigurationDocument, directory: string, cluster: Cluster, user: User): Promise<Access['keys']> {
  const pem = async (part: Cluster & User, name: 'certificate-authority' | 'client-certificate' | 'client-key') => {
    const data = part[`${name}-data`];
    if (data !== undefined) return Buffer.from(data, 'base64');
    const file = part[name];
    return file === undefined ? undefined : contentOf(document, resolve(directory, file), name);
  };
  const [ca, cert, key] = [
    await pem(cluster, 'certificate-authority'),
    await pem(user, 'client-certificate'),
    await pem(user, 'client-key'),
  ];
  if (ca && cluster['insecure-skip-tls-verify'] === true)
    throw document.error('specifying a root certificates file with the insecure flag is not allowed');
  if (!cert !== !key) throw document.error('client-certificate and client-key must be given together');
  try {
    if (ca) new X509Certificate(ca);
  } catch (error) {
    throw document.error(`certificate-authority: unable to load root certificates: ${(error as Error).message}`, { cause: error });
  }
  try {
    createSecureContext({ ca, cert, key });
    return { ca, cert, key };
  } catch (error) {
    throw document.error(`client-certificate, client-key: ${(error as Error).message}`, { cause: error });
  }
}

async function contentOf(document: ConfigurationDocument, path: string, field?: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw document.error(`${field === undefined ? '' : `${field}: `}cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
