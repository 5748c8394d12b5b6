// Sends a recorded conversation to a server and says how its answers differ from those recorded.
import https from 'node:https';
import type { IncomingMessage } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { differences, told } from './differences.js';
import { at, generatedNames, isObject, normalize, type Normalizing, pick, scalars } from './normalize.js';
import type { Case, RecordedRequest, Step } from './recording.js';

/** Where the server under test is, and who talks to it: a member of system:masters. */
export interface Target {
  readonly url: string;
  readonly cert?: Buffer | string | undefined;
  readonly key?: Buffer | string | undefined;
  readonly token?: string | undefined;
}

interface Variables {
  readonly flat: Record<string, string>;
  readonly steps: Record<string, unknown>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

const TIMEOUT_MS = 20_000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export class Replayer {
  readonly #target: Target;
  readonly #agent: https.Agent;
  /** Without our certificate: for requests that bring their own credentials. */
  readonly #bare: https.Agent;
  readonly #run = Math.floor(Math.random() * 36 ** 6)
    .toString(36)
    .padStart(6, '0');
  #cases = 0;

  constructor(target: Target) {
    this.#target = target;
    const options = { keepAlive: true, maxSockets: 64, rejectUnauthorized: false };
    this.#agent = new https.Agent({ ...options, cert: target.cert, key: target.key });
    this.#bare = new https.Agent(options);
  }

  close(): void {
    this.#agent.destroy();
    this.#bare.destroy();
  }

  /**
   * @param patience how long a step that is sent again until its answer comes may take at most, in milliseconds
   * @returns for each step that failed: its index, the request, and every difference
   */
  async run(c: Case, patience = Number.POSITIVE_INFINITY): Promise<string[]> {
    const ns = `conf-${this.#run}-${(this.#cases++).toString(36).padStart(3, '0')}`;
    const vars: Variables = { flat: { ns }, steps: {} };
    const sent = scalars(c.steps.map((s) => [s.request, s.during]));
    const ctx: Normalizing = { ns, sent, seen: {}, generated: generatedNames(sent), managedFields: c.managedFields ?? false };
    if (c.namespace !== false) {
      const made = await this.#send({
        method: 'POST',
        path: '/api/v1/namespaces',
        body: { metadata: { name: ns, labels: fill(c.namespaceLabels, vars) } },
      });
      if (made.status !== 201) return [`namespace: ${made.status} ${made.text.slice(0, 200)}`];
    }
    const failures: string[] = [];
    for (const [i, step] of c.steps.entries()) {
      const got = await this.#step(step, i, vars, ctx, patience).catch((e: Error) => ({ status: 0, error: e.message }));
      const diff = differences(step.response, got).map(told);
      if (diff.length) failures.push(`step ${i} ${step.request.method ?? 'WATCH'} ${step.request.path}\n      ${diff.join('\n      ')}`);
      if (step.sleep) await pause(step.sleep);
    }
    for (const p of c.cleanup ?? []) await this.#send({ method: 'DELETE', path: String(fill(p, vars)) }).catch(() => undefined);
    if (c.namespace !== false) await this.#send({ method: 'DELETE', path: `/api/v1/namespaces/${ns}` }).catch(() => undefined);
    return failures;
  }

  async #step(step: Step, index: number, vars: Variables, ctx: Normalizing, patience: number): Promise<unknown> {
    const request = fill(step.request, vars) as RecordedRequest;
    if (step.watch) return this.#watchStep(step, request, vars, ctx);
    let res = await this.#send(request);
    const until = fill(step.until, vars) as Step['until'];
    for (const end = Date.now() + Math.min(step.within ?? 10_000, patience); until && !holds(until, res) && Date.now() < end; ) {
      await pause(100);
      res = await this.#send(request);
    }
    const body = parsed(res.text);
    vars.steps[index] = body;
    if (step.id) vars.steps[step.id] = body;
    return compared(res, body, ctx, step);
  }

  async #watchStep(step: Step, request: RecordedRequest, vars: Variables, ctx: Normalizing): Promise<unknown> {
    const watch = step.watch as NonNullable<Step['watch']>;
    const open = await this.#open(request);
    const during: number[] = [];
    for (const s of step.during ?? []) {
      await pause(30);
      const r = await this.#send(fill(s, vars) as RecordedRequest);
      vars.steps[s.id ?? 'last'] = parsed(r.text);
      during.push(r.status);
    }
    const { events, ended } = await open.take(watch.events, watch.ms ?? 3000, watch.end ?? false);
    return {
      status: open.status,
      type: open.type,
      during,
      body: normalize(events.slice(0, watch.events), ctx),
      ...(watch.end && { ended }),
    };
  }

  #begin(
    { method = 'GET', path, headers = {}, as, auth }: RecordedRequest,
    payload: string | undefined,
    onAnswer: (res: IncomingMessage) => void,
  ) {
    const h: Record<string, string | string[]> = { accept: 'application/json', 'user-agent': 'conformance', ...headers };
    if (auth && auth !== 'none') h.authorization = auth;
    else if (!auth && this.#target.token) h.authorization = `Bearer ${this.#target.token}`;
    if (as?.user) h['impersonate-user'] = as.user;
    if (as?.groups) h['impersonate-group'] = [...as.groups];
    if (payload !== undefined) {
      h['content-type'] ??= 'application/json';
      h['content-length'] = String(Buffer.byteLength(payload));
    }
    const { hostname, port } = new URL(this.#target.url);
    return https.request({ agent: auth ? this.#bare : this.#agent, host: hostname, port, method, path, headers: h }, onAnswer);
  }

  #send(request: RecordedRequest): Promise<Answer> {
    const { body } = request;
    const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const req = this.#begin(request, payload, (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (d: Buffer) => chunks.push(d));
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text: Buffer.concat(chunks).toString() }));
        res.on('error', reject);
      });
      req.setTimeout(TIMEOUT_MS, () => req.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
      req.on('error', reject);
      if (payload) req.write(payload);
      req.end();
    });
  }

  /** Opens a watch; resolves once the head of the answer is there. */
  #open(request: RecordedRequest) {
    return new Promise<{
      status: number;
      type: string;
      take: (n: number, ms: number, toEnd: boolean) => Promise<{ events: unknown[]; ended: boolean }>;
    }>((resolve, reject) => {
      const req = this.#begin(request, undefined, (res) => {
        const lines: string[] = [];
        let rest = '';
        let ended = false;
        res.setEncoding('utf8');
        res.on('data', (d: string) => {
          const parts = (rest + d).split('\n');
          rest = parts.pop() ?? '';
          lines.push(...parts.filter((l) => l.trim() !== ''));
        });
        res.on('end', () => {
          ended = true;
          if (rest.trim()) lines.push(rest);
        });
        res.on('error', () => (ended = true));
        const take = async (n: number, ms: number, toEnd: boolean) => {
          const until = Date.now() + ms;
          while ((toEnd || lines.length < n) && !ended && Date.now() < until) await pause(20);
          await pause(60);
          const over = ended;
          req.destroy();
          return { ended: over, events: lines.map(parsed) };
        };
        resolve({ status: res.statusCode ?? 0, type: typeOf(res.headers), take });
      });
      req.on('error', reject);
      req.setTimeout(TIMEOUT_MS, () => req.destroy(new Error('no answer to a watch')));
      req.end();
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const typeOf = (headers: IncomingMessage['headers']) => (headers['content-type'] ?? '').replace(/\s/g, '');

function compared(res: Answer, body: unknown, ctx: Normalizing, step: Step): unknown {
  const out: Record<string, unknown> = { status: res.status, type: typeOf(res.headers) };
  if (res.headers.warning) out.warnings = normalize(res.headers.warning, ctx);
  if (step.headers) out.headers = Object.fromEntries(step.headers.map((h) => [h, normalize(res.headers[h] ?? '<absent>', ctx)]));
  // text (YAML, indented JSON) is compared as text
  const asText = (typeof body === 'string' && !step.pick) || step.text;
  out.body = asText
    ? String(normalize(res.text, ctx)).replace(/(?<=resourceVersion"?: ?")\d+(?=")/g, '<rv>')
    : normalize(pick(body, step.pick), ctx);
  return out;
}

function holds(until: NonNullable<Step['until']>, res: Answer): boolean {
  if (typeof until === 'number') return res.status === until;
  const body = parsed(res.text);
  return Object.entries(until).every(([k, v]) =>
    k === 'status' ? res.status === v : isDeepStrictEqual(at(body, k.split('.')) ?? null, v),
  );
}

/** ${ns}, ${STEP.path.to.field} and ${repeat:TEXT:N} in a request; a text that is nothing but a reference becomes the value. */
function fill(value: unknown, vars: Variables): unknown {
  if (typeof value === 'string') return fillText(value, vars);
  if (Array.isArray(value)) return value.map((v) => fill(v, vars));
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [String(fill(k, vars)), fill(v, vars)]));
  return value;
}

function fillText(value: string, vars: Variables): unknown {
  const lookup = (ref: string) => ref.split('.').reduce<unknown>((v, k) => (v as Record<string, unknown> | undefined)?.[k], vars.steps);
  const whole = /^\$\{([^}]+)\}$/.exec(value)?.[1];
  const found = whole === undefined ? undefined : lookup(whole);
  if (found !== undefined && typeof found !== 'string') return found;
  return value.replace(/\$\{([^}]+)\}/g, (text, ref: string) => {
    if (ref in vars.flat) return vars.flat[ref] as string;
    if (ref.startsWith('repeat:')) {
      const [, what = '', n] = ref.split(':');
      return what.repeat(Number(n));
    }
    const v = lookup(ref);
    return v === undefined ? text : typeof v === 'string' ? v : JSON.stringify(v);
  });
}
