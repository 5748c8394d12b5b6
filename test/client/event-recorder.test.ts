import { expect } from 'chai';
import { ApiError, notFound } from '../../src/api/meta/errors.js';
import type { Draft, KubeObject, Resource } from '../../src/api/meta/object.js';
import { events } from '../../src/api/meta/resources.gen.js';
import type { ConfigMap, Event } from '../../src/api/types/core-v1.gen.js';
import type { Client } from '../../src/client/client.js';
import { EventRecorder } from '../../src/client/event-recorder.js';
import { VirtualClock } from '../../src/util/clock.js';
import { silentLogger } from '../../src/util/log.js';

/** Keeps events by name, as a server would. */
class Sink {
  readonly stored = new Map<string, Event>();
  failure: Error | undefined;

  asClient(): Client {
    const methods: Pick<Client, 'create' | 'patch'> = {
      create: <T extends KubeObject>(_: Resource<T>, object: Draft<T>) => {
        if (this.failure) return Promise.reject(this.failure);
        this.stored.set(object.metadata.name ?? '', object as unknown as Event);
        return Promise.resolve(object as unknown as T);
      },
      patch: <T extends KubeObject>(_: Resource<T>, { name }: { name: string }, { body }: { body: unknown }) => {
        const found = this.stored.get(name);
        if (!found) return Promise.reject(notFound(events, name));
        const next = { ...found, ...(body as Partial<Event>) };
        this.stored.set(name, next);
        return Promise.resolve(next as unknown as T);
      },
    };
    // a recorder uses no other method
    return methods as Client;
  }

  get all(): Event[] {
    return [...this.stored.values()];
  }
}

const object: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'thing', namespace: 'space', uid: 'u1', resourceVersion: '7' },
};

describe('event recorder', () => {
  let sink: Sink;
  let clock: VirtualClock;
  let recorder: EventRecorder;
  beforeEach(() => {
    sink = new Sink();
    clock = new VirtualClock();
    recorder = new EventRecorder({
      client: sink.asClient(),
      clock,
      random: () => 0.5,
      logger: silentLogger,
      component: 'tester',
      host: 'n1',
    });
  });
  afterEach(() => recorder.stop());

  it('says what happened to what, when, and who says so', async () => {
    recorder.warning(object, 'Failed', 'it broke');
    await recorder.flush();
    expect(sink.all).to.have.length(1);
    expect(sink.all[0]).to.deep.equal({
      metadata: { name: sink.all[0]?.metadata.name, namespace: 'space' },
      involvedObject: { kind: 'ConfigMap', apiVersion: 'v1', namespace: 'space', name: 'thing', uid: 'u1', resourceVersion: '7' },
      type: 'Warning',
      reason: 'Failed',
      message: 'it broke',
      count: 1,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      source: { component: 'tester', host: 'n1' },
      reportingComponent: 'tester',
      reportingInstance: 'n1',
    });
    expect(sink.all[0]?.metadata.name).to.match(/^thing\.[0-9a-f]{16}$/);
  });

  it('gives every event another name, also at the same moment', async () => {
    for (let i = 0; i < 5; i++) recorder.normal(object, `Reason${i}`, 'x');
    await recorder.flush();
    expect(sink.all).to.have.length(5);
  });

  it('tells about objects without namespace in the namespace default', async () => {
    recorder.normal({ kind: 'Node', apiVersion: 'v1', name: 'n1' }, 'Seen', 'x');
    await recorder.flush();
    expect(sink.all[0]?.metadata.namespace).to.equal('default');
  });

  it('finds a name for an event about an object whose name an event cannot have', async () => {
    recorder.normal({ ...object, metadata: { ...object.metadata, name: 'system:odd' } }, 'Seen', 'x');
    await recorder.flush();
    expect(sink.all[0]?.metadata.name).to.match(/^event\.[0-9a-f]{16}$/);
  });

  it('counts the same event again', async () => {
    recorder.normal(object, 'Seen', 'x');
    await clock.advance(5_000);
    recorder.normal({ ...object, metadata: { ...object.metadata, resourceVersion: '8' } }, 'Seen', 'x');
    recorder.normal(object, 'Seen', 'x');
    await recorder.flush();
    expect(sink.all).to.have.length(1);
    expect(sink.all[0]).to.deep.include({ count: 3, firstTimestamp: '2026-01-01T00:00:00Z', lastTimestamp: '2026-01-01T00:00:05Z' });
  });

  it('goes on counting in a new event when the old one has expired', async () => {
    recorder.normal(object, 'Seen', 'x');
    await recorder.flush();
    sink.stored.clear();
    recorder.normal(object, 'Seen', 'x');
    await recorder.flush();
    expect(sink.all.map((e) => e.count)).to.deep.equal([2]);
  });

  it('combines the tenth similar event and all after', async () => {
    for (let i = 1; i <= 12; i++) recorder.normal(object, 'Seen', `number ${i}`);
    await recorder.flush();
    expect(sink.all).to.have.length(10);
    expect(sink.all[9]).to.deep.include({ count: 3, message: '(combined from similar events): number 12' });
    await clock.advance(601_000);
    recorder.normal(object, 'Seen', 'number 13');
    await recorder.flush();
    expect(sink.all.at(-1)?.message).to.equal('number 13');
  });

  it('writes 25 events about one object at once, then one in five minutes, and does not hold others back', async () => {
    for (let i = 0; i < 30; i++) recorder.normal(object, `Reason${i}`, 'x');
    recorder.normal({ ...object, metadata: { ...object.metadata, name: 'other' } }, 'Seen', 'x');
    await recorder.flush();
    expect(sink.all.filter((e) => e.involvedObject.name === 'thing')).to.have.length(25);
    expect(sink.all.filter((e) => e.involvedObject.name === 'other')).to.have.length(1);
    await clock.advance(300_000);
    recorder.normal(object, 'Later', 'x');
    recorder.normal(object, 'TooMuch', 'x');
    await recorder.flush();
    const reasons = sink.all.map((e) => e.reason);
    expect(reasons).to.include('Later');
    expect(reasons).not.to.include('TooMuch');
  });

  it('gives up what the server refuses', async () => {
    sink.failure = new ApiError({ code: 403, reason: 'Forbidden', message: 'no' });
    recorder.normal(object, 'Seen', 'x');
    await recorder.flush();
    expect(clock.next()).to.equal(undefined);
  });

  it('tries again when the server cannot be reached', async () => {
    sink.failure = new Error('connection refused');
    recorder.normal(object, 'Seen', 'x');
    for (let i = 0; i < 3; i++) await clock.advance(10_000);
    expect(sink.all).to.have.length(0);
    sink.failure = undefined;
    await clock.advance(10_000);
    await recorder.flush();
    expect(sink.all).to.have.length(1);
  });

  it('lets go of what it has not written when it is stopped', async () => {
    sink.failure = new Error('connection refused');
    recorder.normal(object, 'Seen', 'x');
    await clock.advance(1);
    await recorder.stop();
    sink.failure = undefined;
    recorder.normal(object, 'Later', 'x');
    await recorder.flush();
    expect(sink.all).to.have.length(0);
  });
});
