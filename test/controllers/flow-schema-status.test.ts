import { expect } from 'chai';
import { flowschemas, prioritylevelconfigurations } from '../../src/api/meta/resources.gen.js';
import type { Draft } from '../../src/api/meta/object.js';
import type { FlowSchema, PriorityLevelConfiguration } from '../../src/api/types/flowcontrol-v1.gen.js';
import { World } from './world.js';

describe('the status of FlowSchemas', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start([]);
    world.startServerLoops();
  });
  afterEach(() => world.stop());

  it('says whether the priority level exists', async () => {
    await world.client.create<FlowSchema>(flowschemas, {
      metadata: { name: 'schema' },
      spec: { priorityLevelConfiguration: { name: 'level' }, matchingPrecedence: 100 },
    });
    const becomes = (...expected: string[]) =>
      world.eventually(async () => {
        const { status } = await world.get(flowschemas, 'schema');
        expect(status.conditions?.map(({ status: is, reason, message }) => [is, reason, message])).to.deep.equal([expected]);
      });
    const text = 'This FlowSchema references the PriorityLevelConfiguration object named "level"';
    await becomes('True', 'NotFound', `${text} but there is no such object`);
    await world.client.create(prioritylevelconfigurations, {
      metadata: { name: 'level' },
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
    } as Draft<PriorityLevelConfiguration>);
    await becomes('False', 'Found', `${text} and it exists`);
    await world.client.delete(prioritylevelconfigurations, { namespace: '', name: 'level' });
    await becomes('True', 'NotFound', `${text} but there is no such object`);
  });
});
