// Endpoints: the addresses of the pods behind a Service (upstream's pkg/controller/endpoint).
import { isApiError } from '../api/meta/errors.js';
import { endpoints, pods, services } from '../api/meta/resources.gen.js';
import { ENDPOINTS_MANAGED_BY_LABEL } from '../api/meta/well-known.js';
import type { Endpoints, Service } from '../api/types/core-v1.gen.js';
import { keyOf, splitKey } from '../client/store.js';
import { equal } from '../util/equal.js';
import { type ControllerDefinition, type Environment, watch } from './runtime/controller.js';
import { isNamespaceTerminating } from './runtime/pod-writer.js';
import { MAX_RETRIES, REST } from './services/pace.js';
import { HEADLESS, isHeadless, selectedPods, servingPodWatch } from './services/selection.js';
import { packed, serviceSubsets, truncated } from './services/subsets.js';
import { LAST_CHANGE_TRIGGER_TIME, TriggerTimes } from './services/trigger-time.js';

const MANAGER = 'endpoint-controller';
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';

/** Keeps the Endpoints of Services that select pods. */
export const endpointsController: ControllerDefinition = {
  name: 'endpoints-controller',
  alias: 'endpoint',
  source: MANAGER,
  create: (environment) => {
    const times = new TriggerTimes();
    return [
      {
        name: 'endpoints-controller',
        maxRetries: MAX_RETRIES,
        rest: REST,
        for: services,
        watches: [
          servingPodWatch(environment),
          // also what an earlier run has left behind
          watch(endpoints, (queue) => ({
            add: (object) => object.metadata.labels?.[ENDPOINTS_MANAGED_BY_LABEL] === MANAGER && queue.add(keyOf(object)),
            delete: (object) => queue.add(keyOf(object)),
          })),
        ],
        reconcile: (key) => reconcile(environment, times, key),
      },
    ];
  },
};

async function reconcile(environment: Environment, times: TriggerTimes, key: string): Promise<undefined> {
  const { client, informers } = environment;
  const service = informers.of(services).store.get(key);
  const present = informers.of(endpoints).store.get(key);
  if (!service) {
    times.forget(key);
    if (present) await client.delete(endpoints, splitKey(key), { preconditions: { uid: present.metadata.uid } }).catch(unlessGone);
    return;
  }
  if (service.spec.type === 'ExternalName' || !service.spec.selector) return;
  const selected = selectedPods(informers.of(pods).store, service, service.spec.publishNotReadyAddresses === true);
  const trigger = times.next(key, service, selected);
  const { subsets, over } = truncated(serviceSubsets(service, selected));
  const labels = { ...service.metadata.labels, [HEADLESS]: isHeadless(service) ? '' : undefined, [ENDPOINTS_MANAGED_BY_LABEL]: MANAGER };
  const overCapacity = present?.metadata.annotations?.[OVER_CAPACITY] !== undefined;
  if (present && equal(packed(present.subsets ?? []), packed(subsets)) && equal(present.metadata.labels, labels) && over === overCapacity)
    return;
  const annotations = {
    ...present?.metadata.annotations,
    [LAST_CHANGE_TRIGGER_TIME]: trigger,
    [OVER_CAPACITY]: over ? 'truncated' : undefined,
  };
  await write(environment, service, present, { labels: defined(labels), annotations: defined(annotations), subsets });
}

interface Wanted {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly subsets: Endpoints['subsets'];
}

async function write(
  { client, recorder }: Environment,
  service: Service,
  present: Endpoints | undefined,
  { labels, annotations, subsets }: Wanted,
): Promise<void> {
  const { namespace, name } = service.metadata;
  try {
    if (present) await client.update(endpoints, { ...present, metadata: { ...present.metadata, labels, annotations }, subsets });
    else await client.create<Endpoints>(endpoints, { metadata: { namespace, name, labels, annotations }, subsets });
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    const reference = { kind: 'Endpoints', apiVersion: 'v1', namespace, name, uid: present?.metadata.uid };
    const message = error instanceof Error ? error.message : '';
    if (present) recorder.warning(reference, 'FailedToUpdateEndpoint', `Failed to update endpoint ${namespace}/${name}: ${message}`);
    else recorder.warning(reference, 'FailedToCreateEndpoint', `Failed to create endpoint for service ${namespace}/${name}: ${message}`);
    throw error;
  }
}

function unlessGone(error: unknown): void {
  if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
}

function defined(map: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}
