import * as errors from '../api/meta/errors.js';
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

function logOptions(pod: string, q: URLSearchParams): Asked {
  const number = (name: string) => (q.get(name) ? integer(q.get(name) as string) : undefined);
  const options: Asked = {
    follow: flag(q, 'follow'),
    previous: flag(q, 'previous'),
    timestamps: flag(q, 'timestamps'),
    sinceSeconds: number('sinceSeconds'),
    sinceTime: q.get('sinceTime') ?? undefined,
    tailLines: number('tailLines'),
    limitBytes: number('limitBytes'),
  };
  check(pod, options);
  return options;
}

function check(pod: string, o: Asked): void {
  const refuse = (field: string, message: string) => {
    throw errors.invalid({ group: '', kind: 'PodLogOptions' }, pod, [{ type: 'FieldValueInvalid', field, message }]);
  };
  if (o.tailLines !== undefined && o.tailLines < 0)
    refuse('tailLines', `Invalid value: ${o.tailLines}: must be greater than or equal to 0`);
  if (o.limitBytes !== undefined && o.limitBytes < 1) refuse('limitBytes', `Invalid value: ${o.limitBytes}: must be greater than 0`);
  if (o.sinceSeconds !== undefined && o.sinceTime !== undefined)
    refuse('', 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified');
  if (o.sinceSeconds !== undefined && o.sinceSeconds < 1)
    refuse('sinceSeconds', `Invalid value: ${o.sinceSeconds}: must be greater than 0`);
}
