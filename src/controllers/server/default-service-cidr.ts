// Keeps the ServiceCIDR `kubernetes`, which holds the ranges the server was started with, and says that it is ready.
import { isApiError } from '../../api/meta/errors.js';
import { servicecidrs } from '../../api/meta/resources.gen.js';
import type { ServiceCIDR } from '../../api/types/networking-v1.gen.js';
import { timestamp } from '../../util/clock.js';
import { equal } from '../../util/equal.js';
import type { ControllerDefinition, Environment, Result } from '../runtime/controller.js';

const NAME = 'kubernetes';
const CONTROLLER = 'kubernetes-service-cidr-controller';
const INTERVAL = 10_000;

export const defaultServiceCIDR: ControllerDefinition = {
  name: CONTROLLER,
  create: (environment) => {
    const told = new Set<string>();
    return [{ name: CONTROLLER, workers: 1, initial: [NAME], reconcile: () => reconcile(environment, told) }];
  },
};

/** @param told what was reported already, so that it is said once */
async function reconcile(environment: Environment, told: Set<string>): Promise<Result> {
  const { client, settings } = environment;
  const cidrs = [...settings.serviceClusterIPRanges];
  const found = await find(environment);
  const present = found ?? (await client.create(servicecidrs, { metadata: { name: NAME }, spec: { cidrs } }));
  const before = present.spec.cidrs ?? [];
  if (cidrs.length === 2 && before.length === 1 && before[0] === cidrs[0]) await addFamily(environment, present, cidrs);
  else await setReady(environment, present, cidrs, told);
  return { after: INTERVAL };
}

async function find({ client }: Environment): Promise<ServiceCIDR | undefined> {
  try {
    return await client.get(servicecidrs, { namespace: '', name: NAME });
  } catch (error) {
    if (isApiError(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function addFamily({ client, recorder }: Environment, present: ServiceCIDR, cidrs: string[]): Promise<void> {
  try {
    await client.update(servicecidrs, { ...present, spec: { cidrs } });
  } catch (error) {
    if (!isApiError(error)) throw error;
    recorder.warning(
      present,
      'KubernetesDefaultServiceCIDRError',
      `The default ServiceCIDR can not be upgraded from ${cidrs[0]} to dual stack [${cidrs.join(' ')}] : ${error.message}`,
    );
  }
}

async function setReady(
  { client, clock, recorder }: Environment,
  present: ServiceCIDR,
  cidrs: readonly string[],
  told: Set<string>,
): Promise<void> {
  // one that is deleted is the business of the controller that lets it go
  if (present.metadata.deletionTimestamp !== undefined) return;
  const tellOnce = (reason: string, message: string) => {
    if (!told.has(reason)) recorder.warning(present, reason, message);
    told.add(reason);
  };
  const own = present.spec.cidrs ?? [];
  if (!equal(own, cidrs)) {
    const text = `The default ServiceCIDR [${own.join(' ')}] does not match the controller flag configurations [${cidrs.join(' ')}]`;
    return tellOnce('KubernetesDefaultServiceCIDRInconsistent', text);
  }
  const ready = present.status.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return;
  if (ready?.status === 'False') return tellOnce(ready.reason, `Configuration matches, but ${ready.message}`);
  const condition = {
    type: 'Ready',
    status: 'True',
    message: 'Kubernetes default Service CIDR is ready',
    lastTransitionTime: timestamp(clock.now()),
  };
  await client.apply(
    servicecidrs,
    { metadata: { name: NAME }, status: { conditions: [condition as never] } },
    {
      fieldManager: CONTROLLER,
      force: true,
      subresource: 'status',
    },
  );
}
