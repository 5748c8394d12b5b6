// Holds ServiceCIDRs by a finalizer as long as addresses of Services would be left without one, and says whether they are ready.
import { isApiError } from '../api/meta/errors.js';
import { ipaddresses, servicecidrs } from '../api/meta/resources.gen.js';
import { type Address, type Prefix, parseAddress, prefixContains } from '../api/shared/ip.js';
import { cidrsServing, isManaged, prefixesOf } from '../api/shared/service-ips.js';
import type { IPAddress, ServiceCIDR } from '../api/types/networking-v1.gen.js';
import type { Condition } from '../api/types/meta-v1.gen.js';
import { timestamp } from '../util/clock.js';
import { type ControllerDefinition, type Environment, type Result, watch, type Watch } from './runtime/controller.js';

const CONTROLLER = 'service-cidr-controller';
const FINALIZER = 'networking.k8s.io/service-cidr-finalizer';
/** How long every server may take to hear that nothing is to be taken from a range any more. */
const DELETION_GRACE = 10_000;

export const serviceCIDR: ControllerDefinition = {
  name: CONTROLLER,
  create: (environment) => [
    {
      name: CONTROLLER,
      maxRetries: 15,
      for: servicecidrs,
      watches: [watchOverlapping(environment), watchAddresses(environment)],
      reconcile: (name) => reconcile(environment, name),
    },
  ],
};

/** A new ServiceCIDR may take over the addresses of one that waits to go. */
function watchOverlapping({ informers }: Environment): Watch {
  return watch(servicecidrs, (queue) => ({
    add(cidr) {
      for (const other of informers.of(servicecidrs).store.list())
        if (prefixesOf(cidr).some((a) => prefixesOf(other).some((b) => overlap(a, b)))) queue.add(other.metadata.name);
    },
  }));
}

/** Addresses that come and go decide over the ranges that have them. */
function watchAddresses({ informers }: Environment): Watch {
  return watch(ipaddresses, (queue) => {
    const add = (address: IPAddress) => {
      const parsed = isManaged(address) ? parseAddress(address.metadata.name) : undefined;
      if (!parsed) return;
      for (const { metadata } of cidrsServing(informers.of(servicecidrs).store.list(), parsed)) queue.add(metadata.name);
    };
    return { add, delete: add };
  });
}

async function reconcile(environment: Environment, name: string): Promise<Result> {
  const cidr = environment.informers.of(servicecidrs).store.get(name);
  if (!cidr) return undefined;
  if (cidr.metadata.deletionTimestamp !== undefined) return release(environment, cidr);
  await patchFinalizers(environment, cidr, true);
  await setCondition(environment, cidr, { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' });
  return undefined;
}

async function release(environment: Environment, cidr: ServiceCIDR): Promise<Result> {
  if (!canGo(environment, cidr)) {
    await setCondition(environment, cidr, {
      status: 'False',
      reason: 'Terminating',
      message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
    });
    return undefined;
  }
  const wait = DELETION_GRACE - (environment.clock.now() - Date.parse(cidr.metadata.deletionTimestamp ?? ''));
  if (wait > 0) return { after: wait };
  await patchFinalizers(environment, cidr, false);
  return undefined;
}

/** Others hold all of its ranges, or it alone holds no address that is taken. */
function canGo({ informers }: Environment, cidr: ServiceCIDR): boolean {
  const all = informers.of(servicecidrs).store.list();
  const isOther = (other: ServiceCIDR) => other.metadata.name !== cidr.metadata.name;
  const isHeld = (range: Prefix) => all.some((other) => isOther(other) && prefixesOf(other).some((outer) => holds(outer, range)));
  if (prefixesOf(cidr).every(isHeld)) return true;
  const families = new Set(prefixesOf(cidr).map(({ family }) => family));
  const isOrphaned = (address: Address) => {
    const serving = families.has(address.family) ? cidrsServing(all, address) : [];
    return serving.length === 1 && !isOther(serving[0] as ServiceCIDR);
  };
  return !informers
    .of(ipaddresses)
    .store.list()
    .some((address) => {
      const parsed = isManaged(address) ? parseAddress(address.metadata.name) : undefined;
      return parsed !== undefined && isOrphaned(parsed);
    });
}

function holds(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && prefixContains(outer, inner);
}

function overlap(a: Prefix, b: Prefix): boolean {
  return holds(a, b) || holds(b, a);
}

async function patchFinalizers({ client }: Environment, { metadata }: ServiceCIDR, wanted: boolean): Promise<void> {
  if (wanted === (metadata.finalizers?.includes(FINALIZER) ?? false)) return;
  const field = wanted ? 'finalizers' : '$deleteFromPrimitiveList/finalizers';
  const body = { metadata: { [field]: [FINALIZER] } };
  try {
    await client.patch(servicecidrs, { namespace: '', name: metadata.name }, { type: 'strategic', body });
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
  }
}

async function setCondition(
  { client, clock, recorder }: Environment,
  cidr: ServiceCIDR,
  wanted: Pick<Condition, 'status' | 'reason' | 'message'>,
): Promise<void> {
  const present = cidr.status.conditions?.find(({ type }) => type === 'Ready');
  if (present?.status === wanted.status && present.reason === wanted.reason && present.message === wanted.message) return;
  const condition: Condition = { type: 'Ready', ...wanted, lastTransitionTime: timestamp(clock.now()) };
  const configuration = { metadata: { name: cidr.metadata.name }, status: { conditions: [condition] } };
  try {
    await client.apply(servicecidrs, configuration, { fieldManager: CONTROLLER, force: true, subresource: 'status' });
  } catch (error) {
    if (wanted.status === 'True')
      recorder.warning(cidr, 'KubernetesServiceCIDRError', 'The ServiceCIDR Status can not be set to Ready=True');
    throw error;
  }
}
