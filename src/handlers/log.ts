import * as errors from '../api/meta/errors.js';
import { type FieldError, forbidden, invalid } from '../api/meta/field-errors.js';
import { canonicalTime, TimeError } from '../api/schema/time.js';
import { containerOf } from '../api/shared/pod/connect.js';
import type { Pod } from '../api/types/core-v1.gen.js';
import { kubeletOf } from './kubelet.js';
import { flag, integer } from './options.js';
import type { Store } from '../registry/store.js';
import type { ApiRequest } from './request.js';
import { drained, writeHead } from './respond.js';
import type { LogOptions, Server } from './server.js';

/** GET …/pods/NAME/log: the log of one container, as text, while it grows if asked to follow. */
export async function log(server: Server, store: Store, request: ApiRequest): Promise<void> {
  const { namespace, name, query } = request.info;
  const asked = logOptions(name, query);
  const pod = store.get({ namespace, name }).object as Pod;
  const container = containerOf(pod, query.get('container') ?? '');
  const node = pod.spec.nodeName;
  // a pod without a node has no log yet, and that is no error
  if (!node) return nothing(request);
  const kubelet = kubeletOf(server, node);
  if (!server.nodes) throw errors.serviceUnavailable(`there is no agent of node ${JSON.stringify(node)} to read the log from`);
  const chunks = await server.nodes.logs({ namespace, name, node }, { ...asked, container }, request.signal);
  if (!chunks) throw kubelet.refuses(`/containerLogs/${namespace}/${name}/${container}${queryOf(asked)}`);
  writeHead(request, 200, 'text/plain');
  request.response.flushHeaders();
  for await (const chunk of chunks) {
    if (request.signal.aborted) break;
    if (!request.response.write(chunk)) await drained(request);
  }
  request.response.end();
}

function nothing({ response }: ApiRequest): void {
  response.statusCode = 204;
  response.end();
}

/** What the API server asks a kubelet: names in order, nothing that is not set. */
function queryOf(asked: Asked): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) if (value !== undefined && value !== false) query.set(name, String(value));
  query.sort();
  return query.size > 0 ? `?${query.toString()}` : '';
}

type Asked = Omit<LogOptions, 'container'>;

/** @throws ApiError BadRequest, Invalid */
function logOptions(pod: string, q: URLSearchParams): Asked {
  const number = (name: string) => (q.has(name) ? integer(q.get(name) as string) : undefined);
  const options: Asked = {
    follow: flag(q, 'follow'),
    previous: flag(q, 'previous'),
    timestamps: flag(q, 'timestamps'),
    sinceSeconds: number('sinceSeconds'),
    sinceTime: timeOf(q.get('sinceTime')),
    tailLines: number('tailLines'),
    limitBytes: number('limitBytes'),
  };
  const wrong = problems(options, q.has('stream'));
  if (wrong.length > 0) throw errors.invalid({ group: '', kind: 'PodLogOptions' }, pod, wrong);
  return options;
}

/** @throws ApiError BadRequest */
function timeOf(text: string | null): string | undefined {
  if (!text) return undefined;
  try {
    return canonicalTime(text) ?? undefined;
  } catch (error) {
    throw error instanceof TimeError ? errors.badRequest(error.message) : error;
  }
}

/** @param stream the client asks for one of the two streams, which is a feature that is off by default */
function problems({ tailLines, limitBytes, sinceSeconds, sinceTime }: Asked, stream: boolean): FieldError[] {
  const found: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) found.push(invalid('tailLines', tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1) found.push(invalid('limitBytes', limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && sinceTime !== undefined)
    found.push(forbidden('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  else if (sinceSeconds !== undefined && sinceSeconds < 1) found.push(invalid('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  if (stream) found.push(forbidden('stream', 'may not be specified'));
  return found;
}
