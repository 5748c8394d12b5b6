import { expect } from 'chai';
import supertest, { type Response, type Test } from 'supertest';

/** Where a server is and who talks to it. */
export interface ApiAccess {
  readonly url: string;
  readonly cert: Buffer | string;
  readonly key: Buffer | string;
}

/** An object as a client sees it: only what the tests look at is named. */
export interface Seen {
  kind?: string;
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    generation?: number;
    labels?: Record<string, string>;
    continue?: string;
    remainingItemCount?: number;
    deletionTimestamp?: string;
    deletionGracePeriodSeconds?: number;
    finalizers?: string[];
    managedFields?: { manager: string; operation: string; subresource?: string }[];
  };
  data?: Record<string, string>;
  items?: Seen[];
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever its kind has
  spec?: any;
  // oxlint-disable-next-line typescript/no-explicit-any
  status?: any;
}

type Method = 'head' | 'get' | 'post' | 'put' | 'patch' | 'delete' | 'options';

export interface WatchEvent {
  readonly type: string;
  readonly object: Seen;
}

const text = (body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body));

/** A client of one server, at work in one namespace. */
export class Api {
  readonly namespace: string;
  readonly #access: ApiAccess;

  constructor(access: ApiAccess, namespace: string) {
    this.#access = access;
    this.namespace = namespace;
  }

  /** The path of a namespaced resource (`pods`, `deployments.apps`), of an object, of a subresource. */
  path(resource: string, ...rest: string[]): string {
    const [plural, ...group] = resource.split('.');
    return [group.length > 0 ? `/apis/${group.join('.')}/v1` : '/api/v1', 'namespaces', this.namespace, plural, ...rest].join('/');
  }

  get(path: string, accept = 'application/json'): Test {
    return this.#send('get', path).set('accept', accept);
  }

  post(path: string, body: object | string): Test {
    return this.#send('post', path).set('content-type', 'application/json').send(text(body));
  }

  put(path: string, body: object): Test {
    return this.#send('put', path).set('content-type', 'application/json').send(text(body));
  }

  patch(path: string, type: 'json-patch' | 'merge-patch' | 'strategic-merge-patch' | 'apply-patch', body: object | string): Test {
    const mime = type === 'apply-patch' ? 'application/apply-patch+yaml' : `application/${type}+json`;
    return this.#send('patch', path).set('content-type', mime).send(text(body));
  }

  /** Without options there is no body, and those of the query count. */
  delete(path: string, options?: object): Test {
    const request = this.#send('delete', path);
    return options ? request.set('content-type', 'application/json').send(text(options)) : request;
  }

  /** Any method, with headers of one's own. */
  raw(method: Method, path: string): Test {
    return this.#send(method, path);
  }

  /** Creates an object that must be taken. @returns the answer's object */
  async create(resource: string, object: object): Promise<Seen> {
    const { body, status } = await this.post(this.path(resource), object);
    expect(status, JSON.stringify(body)).to.equal(201);
    return body as Seen;
  }

  configMap(name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}): Promise<Seen> {
    return this.create('configmaps', { metadata: { name, labels }, data });
  }

  /** The events of a watch that ends by itself after a second. */
  async watch(path: string, query: Record<string, string>): Promise<WatchEvent[]> {
    const { text: lines, status } = await this.#send('get', path)
      .query({ watch: 'true', timeoutSeconds: '1', ...query })
      .buffer(true)
      .parse((response, done) => {
        let all = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (all += chunk));
        response.on('end', () => done(null, all));
      })
      .then((answer: Response) => ({ text: answer.body as string, status: answer.status }));
    expect(status, lines).to.equal(200);
    return lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as WatchEvent);
  }

  #send(method: Method, path: string): Test {
    const { url, cert, key } = this.#access;
    return supertest(url)[method](path).cert(cert).key(key).disableTLSCerts();
  }
}

/** What a refusal must be: a Status with these. */
export function refused(answer: Response, code: number, reason: string, message: string | RegExp): void {
  expect(answer.body, JSON.stringify(answer.body)).to.include({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason });
  expect(answer.status).to.equal(code);
  if (typeof message === 'string') expect((answer.body as { message: string }).message).to.equal(message);
  else expect((answer.body as { message: string }).message).to.match(message);
}

export const POD = { containers: [{ name: 'main', image: 'main:1' }] };

/** A deployment of one replica. */
export function deployment(name: string, spec: object = {}): object {
  const labels = { app: name };
  return { metadata: { name }, spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: POD }, ...spec } };
}
