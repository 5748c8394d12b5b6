// What becomes of simulated pods, second by second: fixtures/nodeagent/<case>.pod.json goes in, <case>.timeline.json must come
// out. UPDATE_FIXTURES=1 writes the timelines anew: read the difference before you commit it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { pods } from '../../src/api/meta/resources.gen.js';
import type { ContainerStatus, Pod } from '../../src/api/types/core-v1.gen.js';
import { World } from './world.js';

const FOLDER = new URL('../../fixtures/nodeagent/', import.meta.url);
const STEP = 100;

interface Input {
  /** Seconds to watch. */
  readonly for: number;
  readonly deleteAt?: number;
  readonly pod: Pod;
}

interface Moment {
  readonly at: number;
  readonly phase: string;
  readonly ready: boolean;
  readonly containers: Record<string, string>;
}

function describeContainer({ state, restartCount, ready }: ContainerStatus): string {
  const what = state?.running
    ? 'running'
    : state?.terminated
      ? `terminated: ${state.terminated.reason} (${state.terminated.exitCode})`
      : `waiting: ${state?.waiting?.reason}`;
  return `${what}${ready ? ', ready' : ''}${restartCount > 0 ? `, ${restartCount} restarts` : ''}`;
}

function momentOf(pod: Pod, at: number): Moment {
  const { phase = '', initContainerStatuses = [], containerStatuses = [], conditions = [] } = pod.status;
  const containers = Object.fromEntries([...initContainerStatuses, ...containerStatuses].map((c) => [c.name, describeContainer(c)]));
  return { at, phase, ready: conditions.some((c) => c.type === 'Ready' && c.status === 'True'), containers };
}

async function timelineOf(input: Input): Promise<(Moment | string)[]> {
  const world = await World.start();
  try {
    await world.startNodes(['n1']);
    const began = world.clock.now();
    const seconds = () => Math.round((world.clock.now() - began) / STEP) / (1_000 / STEP);
    const timeline: (Moment | string)[] = [];
    const see = (moment: Moment) => {
      const { at: _, ...now } = moment;
      const last = timeline.at(-1);
      const { at: __, ...before } = typeof last === 'object' ? last : { at: 0 };
      if (JSON.stringify(now) !== JSON.stringify(before)) timeline.push(moment);
    };
    const { metadata, spec } = input.pod;
    world.informers.of(pods).addHandler({
      update: (_, pod) => see(momentOf(pod, seconds())),
      delete: () => timeline.push(`gone at ${seconds()}`),
    });
    await world.client.create<Pod>(pods, { metadata: { ...metadata, namespace: 'default' }, spec: { ...spec, nodeName: 'n1' } });
    for (let ms = 0; ms < input.for * 1_000; ms += STEP) {
      await world.settle();
      if (input.deleteAt !== undefined && ms === input.deleteAt * 1_000) {
        await world.client.delete(pods, { namespace: 'default', name: metadata.name });
        await world.settle();
      }
      await world.advance(STEP);
    }
    await world.settle();
    return timeline;
  } finally {
    await world.stop();
  }
}

describe('simulated pods', function () {
  this.timeout(30_000);
  for (const file of readdirSync(FOLDER).filter((f) => f.endsWith('.pod.json'))) {
    const name = file.replace('.pod.json', '');
    it(name, async () => {
      const input = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Input;
      const expected = new URL(`${name}.timeline.json`, FOLDER);
      const timeline = await timelineOf(input);
      if (process.env.UPDATE_FIXTURES) writeFileSync(expected, `[\n${timeline.map((m) => `  ${JSON.stringify(m)}`).join(',\n')}\n]\n`);
      expect(timeline).to.deep.equal(JSON.parse(readFileSync(expected, 'utf8')));
    });
  }
});
