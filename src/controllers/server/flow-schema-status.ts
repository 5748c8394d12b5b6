// Says of every FlowSchema whether the priority level that it refers to exists.
import { isApiError } from '../../api/meta/errors.js';
import { flowschemas, prioritylevelconfigurations } from '../../api/meta/resources.gen.js';
import type { FlowSchemaCondition } from '../../api/types/flowcontrol-v1.gen.js';
import { timestamp } from '../../util/clock.js';
import { type ControllerDefinition, type Environment, watch } from '../runtime/controller.js';

const CONTROLLER = 'api-priority-and-fairness-config-consumer-v1';
const DANGLING = 'Dangling';

export const flowSchemaStatus: ControllerDefinition = {
  name: CONTROLLER,
  create: (environment) => {
    const { informers } = environment;
    const watchLevels = watch(prioritylevelconfigurations, (queue) => {
      const add = ({ metadata: { name } }: { metadata: { name: string } }) => {
        for (const { metadata, spec } of informers.of(flowschemas).store.list())
          if (spec.priorityLevelConfiguration.name === name) queue.add(metadata.name);
      };
      return { add, delete: add };
    });
    return [{ name: CONTROLLER, workers: 1, for: flowschemas, watches: [watchLevels], reconcile: (name) => reconcile(environment, name) }];
  },
};

async function reconcile({ client, clock, informers }: Environment, name: string): Promise<undefined> {
  const schema = informers.of(flowschemas).store.get(name);
  if (!schema) return;
  const level = schema.spec.priorityLevelConfiguration.name;
  const exists = informers.of(prioritylevelconfigurations).store.get(level) !== undefined;
  const reference = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)}`;
  const wanted = exists
    ? { status: 'False', reason: 'Found', message: `${reference} and it exists` }
    : { status: 'True', reason: 'NotFound', message: `${reference} but there is no such object` };
  const present = schema.status.conditions?.find(({ type }) => type === DANGLING);
  if (present?.status === wanted.status && present.reason === wanted.reason && present.message === wanted.message) return;
  const condition: FlowSchemaCondition = { type: DANGLING, ...wanted, lastTransitionTime: timestamp(clock.now()) };
  const configuration = { metadata: { name }, status: { conditions: [condition] } };
  try {
    await client.apply(flowschemas, configuration, { fieldManager: CONTROLLER, force: true, subresource: 'status' });
  } catch (error) {
    if (!isApiError(error, 'NotFound')) throw error;
  }
}
