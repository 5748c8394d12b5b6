import { expect } from 'chai';
import { VirtualClock } from '../../src/util/clock.js';
import { configured, refusal, type Write } from './helpers.js';

const enable = ['EventRateLimit'];
const KIND = { apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1', kind: 'Configuration' };
const event = (about: string, component = 'kubelet') => ({
  metadata: { name: 'e' },
  source: { component, host: 'h' },
  involvedObject: { kind: 'Pod', namespace: 'ns', name: about, uid: 'u', apiVersion: 'v1' },
});

/** A server with limits, which is sent one event after another. */
async function limited(...limits: object[]): Promise<{ clock: VirtualClock; send: (more?: Partial<Write>) => Promise<string> }> {
  const clock = new VirtualClock();
  const admission = await configured(enable, { EventRateLimit: { ...KIND, limits } });
  const world = { namespaces: ['ns', 'other'].map((name) => ({ metadata: { name }, status: {} })) };
  return { clock, send: (more = {}) => refusal({ resource: 'events', object: event('p'), world, admission, clock, ...more }) };
}

describe('EventRateLimit', () => {
  it('lets through a burst, and then so many events in a second', async () => {
    const { clock, send } = await limited({ type: 'Server', qps: 2, burst: 3 });
    for (let i = 0; i < 3; i++) expect(await send()).to.equal('admitted');
    const refused = 'Too many requests: limit reached on type Server for key ';
    expect(await send()).to.equal(refused);
    await clock.advance(500);
    expect(await send()).to.equal('admitted');
    expect(await send({ username: 'joe', namespace: 'other', old: event('p') })).to.equal(refused);
    await clock.advance(3600_000);
    for (let i = 0; i < 3; i++) expect(await send()).to.equal('admitted');
    expect(await send()).to.equal(refused);
  });

  it('counts by namespace, user, and source and object', async () => {
    const byNamespace = await limited({ type: 'Namespace', qps: 1, burst: 1 });
    expect(await byNamespace.send()).to.equal('admitted');
    expect(await byNamespace.send()).to.equal('Too many requests: limit reached on type Namespace for key ns');
    expect(await byNamespace.send({ namespace: 'other' })).to.equal('admitted');

    const byUser = await limited({ type: 'User', qps: 1, burst: 1 });
    expect(await byUser.send()).to.equal('admitted');
    expect(await byUser.send({ namespace: 'other' })).to.equal('Too many requests: limit reached on type User for key jane');
    expect(await byUser.send({ username: 'joe' })).to.equal('admitted');

    const bySource = await limited({ type: 'SourceAndObject', qps: 1, burst: 1 });
    expect(await bySource.send()).to.equal('admitted');
    expect(await bySource.send()).to.equal('Too many requests: limit reached on type SourceAndObject for key kubelethPodnspuv1');
    expect(await bySource.send({ object: event('q') })).to.equal('admitted');
    expect(await bySource.send({ object: event('p', 'scheduler') })).to.equal('admitted');
  });

  it('asks every limit, and tells all that are reached', async () => {
    const { send } = await limited({ type: 'Server', qps: 1, burst: 1 }, { type: 'User', qps: 1, burst: 2 });
    expect(await send()).to.equal('admitted');
    expect(await send()).to.equal('Too many requests: limit reached on type Server for key ');
    expect(await send()).to.equal('Too many requests: [limit reached on type Server for key , limit reached on type User for key jane]');
  });

  it('forgets whom it has not seen for longest', async () => {
    const { send } = await limited({ type: 'User', qps: 1, burst: 1, cacheSize: 2 });
    const from = async (username: string) => (await send({ username })) === 'admitted';
    expect([await from('a'), await from('b'), await from('a'), await from('c')]).to.deep.equal([true, true, false, true]);
    // b had to go for c, a was asked for after it
    expect(await from('a')).to.equal(false);
    expect(await from('b')).to.equal(true);
  });

  it('looks at nothing else: no dry runs, and as upstream not at the events of events.k8s.io', async () => {
    const { send } = await limited({ type: 'Server', qps: 1, burst: 1 });
    expect(await send({ dryRun: true })).to.equal('admitted');
    expect(await send({ group: 'events.k8s.io' })).to.equal('admitted');
    expect(await send({ resource: 'configmaps' })).to.equal('admitted');
    expect(await send()).to.equal('admitted');
    expect(await send()).to.contain('limit reached');
  });
});
