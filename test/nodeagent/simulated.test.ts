import { simulatedRuntime } from '../../src/nodeagent/index.js';
import type { RuntimeNode } from '../../src/nodeagent/runtime.js';
import { VirtualClock } from '../../src/util/clock.js';
import { type Behaviour, runtimeSuite } from '../suites/runtime.js';

const node: RuntimeNode = { name: 'n1', ip: '172.18.0.2', podCIDR: '10.244.0.0/24' };

function annotations(behaviour: Behaviour): Record<string, string> {
  switch (behaviour.does) {
    case 'run':
      return {};
    case 'exit':
      return { 'kubemu.dev/fail-after': `${behaviour.afterMs}ms`, 'kubemu.dev/exit-code': String(behaviour.code) };
    case 'print':
      return { 'kubemu.dev/logs': behaviour.lines.join('\n') };
    case 'ignore TERM':
      return { 'kubemu.dev/stop-delay': '24h' };
    case 'not start':
      return { 'kubemu.dev/start-error': 'no such program' };
  }
}

runtimeSuite('simulated', () => {
  const clock = new VirtualClock();
  const make = () => simulatedRuntime({ clock, random: Math.random });
  return Promise.resolve({
    runtime: make(),
    node,
    missing: { image: 'example.com/absent:1', annotations: { 'kubemu.dev/pull-error': 'not found' } },
    behave: (behaviour) => ({ container: { image: 'example.com/app:1' }, annotations: annotations(behaviour) }),
    probe: (ok) => ({ probe: { httpGet: { port: 80 } }, ...(!ok && { annotations: { 'kubemu.dev/fail-probe': 'liveness' } }) }),
    advance: async (ms) => {
      await clock.advance(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
    restart: () => Promise.resolve(make()),
    close: () => Promise.resolve(),
  });
});
