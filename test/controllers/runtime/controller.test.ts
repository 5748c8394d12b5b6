import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { configmaps } from '../../../src/api/meta/resources.gen.js';
import { Informers } from '../../../src/client/informers.js';
import { controllerNames, enabledControllers } from '../../../src/controllers/index.js';
import { aborted, type Controller, type Enqueue, run, TerminalError } from '../../../src/controllers/runtime/controller.js';
import { VirtualClock } from '../../../src/util/clock.js';
import { silentLogger } from '../../../src/util/log.js';

describe('running of a controller', () => {
  let clock: VirtualClock;
  let informers: Informers;
  let worked: string[];
  let queue: Enqueue;
  let running: { stop(): Promise<void> };
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  beforeEach(() => {
    clock = new VirtualClock();
    const nothing = { list: () => Promise.reject(new Error('nothing is watched')), watch: () => [] as never };
    informers = new Informers({ client: nothing, clock, random: () => 0, logger: silentLogger });
    worked = [];
  });
  afterEach(async () => {
    await running.stop();
    await informers.stop();
  });

  const start = (controller: Partial<Controller> & Pick<Controller, 'reconcile'>) => {
    running = run({ start: (q) => void (queue = q), ...controller }, { informers, clock, logger: silentLogger });
  };

  it('works on its first keys, and again when it is asked to', async () => {
    start({
      initial: ['a', 'b'],
      reconcile: (key) => {
        worked.push(key);
        return Promise.resolve(key === 'a' ? { after: 1000 } : undefined);
      },
    });
    await turn();
    expect(worked).to.deep.equal(['a', 'b']);
    await clock.advance(1000);
    expect(worked).to.deep.equal(['a', 'b', 'a']);
  });

  it('tries again after a failure, waiting longer each time, and begins anew after a success', async () => {
    start({
      initial: ['a'],
      reconcile: () => {
        worked.push(String(clock.now() - Date.UTC(2026, 0, 1)));
        return worked.length < 4 ? Promise.reject(new Error('no')) : Promise.resolve(undefined);
      },
    });
    await turn();
    await clock.advance(10_000);
    expect(worked).to.deep.equal(['0', '5', '15', '35']);
  });

  it('does not try again what cannot succeed', async () => {
    start({
      initial: ['a'],
      reconcile: (key) => {
        worked.push(key);
        return Promise.reject(new TerminalError('never'));
      },
    });
    await turn();
    await clock.advance(3_600_000);
    expect(worked).to.deep.equal(['a']);
  });

  it('gives up after as many failures as it is told, until the key comes again', async () => {
    start({
      initial: ['a'],
      maxRetries: 2,
      reconcile: (key) => {
        worked.push(key);
        return Promise.reject(new Error('no'));
      },
    });
    await turn();
    await clock.advance(3_600_000);
    expect(worked).to.have.length(3);
    queue.add('a');
    await turn();
    expect(worked).to.have.length(4);
  });

  it('lets a key rest', async () => {
    start({
      rest: 100,
      reconcile: (key) => {
        worked.push(key);
        return Promise.resolve(undefined);
      },
    });
    await turn();
    queue.add('a');
    await turn();
    for (let i = 0; i < 5; i++) queue.add('a');
    queue.add('b');
    await turn();
    expect(worked).to.deep.equal(['a', 'b']);
    await clock.advance(100);
    expect(worked).to.deep.equal(['a', 'b', 'a']);
  });

  it('never works on more keys at once than it has workers, nor twice on one', async () => {
    const open = new Map<string, () => void>();
    start({
      workers: 2,
      initial: ['a', 'b', 'c'],
      reconcile: async (key) => {
        worked.push(key);
        await new Promise<void>((resolve) => open.set(key, resolve));
        return undefined;
      },
    });
    await turn();
    expect(worked).to.deep.equal(['a', 'b']);
    queue.add('a');
    open.get('a')?.();
    await turn();
    expect(worked).to.deep.equal(['a', 'b', 'c']);
    open.get('b')?.();
    await turn();
    expect(worked).to.deep.equal(['a', 'b', 'c', 'a']);
    for (const close of open.values()) close();
  });

  it('waits, when stopped, for what is under way, and begins nothing more', async () => {
    let finish = () => {};
    start({
      workers: 1,
      initial: ['a', 'b'],
      reconcile: async (key) => {
        await new Promise<void>((resolve) => (finish = resolve));
        worked.push(key);
        return undefined;
      },
    });
    await turn();
    const stopped = running.stop();
    finish();
    await stopped;
    expect(worked).to.deep.equal(['a']);
  });

  it('can be stopped before it has seen what it watches', async () => {
    start({ for: configmaps, reconcile: () => Promise.resolve(undefined) });
    await turn();
    await running.stop();
    expect(worked).to.deep.equal([]);
  });
});

describe('a signal that ends', () => {
  it('keeps one listener for all who wait for the end', async () => {
    const end = new AbortController();
    const waiting = Array.from({ length: 20 }, () => aborted(end.signal));
    expect(getEventListeners(end.signal, 'abort')).to.have.length(1);
    end.abort();
    await Promise.all(waiting);
  });
});

describe('--controllers', () => {
  /** Upstream has these only on request. */
  const onRequest = ['bootstrap-signer-controller', 'token-cleaner-controller'];
  const usual = controllerNames.filter((name) => !onRequest.includes(name));

  it('is all but those on request for *, in their order', () => {
    expect(enabledControllers(['*'])).to.deep.equal(usual);
    expect(enabledControllers(['*', ...onRequest])).to.deep.equal(controllerNames);
    expect(enabledControllers([])).to.deep.equal([]);
  });

  it('takes names and the older names', () => {
    expect(enabledControllers(['deployment', 'replicaset-controller'])).to.have.members(['deployment-controller', 'replicaset-controller']);
  });

  it('leaves out what is named with a minus', () => {
    expect(enabledControllers(['*', '-deployment'])).to.deep.equal(usual.filter((n) => n !== 'deployment-controller'));
    expect(enabledControllers(['-garbage-collector-controller', '*'])).not.to.include('garbage-collector-controller');
  });

  it('refuses what is no controller', () => {
    expect(() => enabledControllers(['*', '-nonsense', 'more'])).to.throw(/^--controllers: there is no -nonsense, more; there are /);
  });

  it('knows the names of upstream', () => {
    expect(controllerNames).to.include.members([
      'deployment-controller',
      'replicaset-controller',
      'replicationcontroller-controller',
      'namespace-controller',
      'garbage-collector-controller',
      'serviceaccount-controller',
      'root-ca-certificate-publisher-controller',
      'endpoints-controller',
      'endpointslice-controller',
      'endpointslice-mirroring-controller',
      'node-lifecycle-controller',
      'taint-eviction-controller',
      'pod-garbage-collector-controller',
      'disruption-controller',
    ]);
  });
});
