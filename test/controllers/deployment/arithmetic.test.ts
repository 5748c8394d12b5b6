import { expect } from 'chai';
import type { Deployment, ReplicaSet } from '../../../src/api/types/apps-v1.gen.js';
import {
  cleanupUnhealthy,
  fenceposts,
  maxUnavailable,
  newReplicas,
  proportional,
  scaled,
  shrinkOld,
} from '../../../src/controllers/deployment/arithmetic.js';
import { MAX_REPLICAS } from '../../../src/controllers/deployment/revisions.js';

const template = { metadata: { name: '' }, spec: { containers: [] } };

function deployment(replicas: number, maxSurge: number | string = '25%', unavailable: number | string = '25%', observed = 0): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      selector: {},
      template,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable: unavailable } },
    },
    status: { replicas: observed },
  };
}

function set(name: string, replicas: number, options: { available?: number; created?: string; max?: number } = {}): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      uid: name,
      creationTimestamp: options.created ?? '2026-01-01T00:00:00Z',
      annotations: options.max === undefined ? {} : { [MAX_REPLICAS]: String(options.max) },
    },
    spec: { replicas, selector: {} },
    status: { replicas, availableReplicas: options.available },
  };
}

const sizes = (resizes: readonly { set: ReplicaSet; replicas: number }[]) =>
  Object.fromEntries(resizes.map((r) => [r.set.metadata.name, r.replicas]));

describe('rolling update arithmetic', () => {
  it('takes shares of the desired number, rounded as asked', () => {
    expect([scaled(3, 10, 'up'), scaled('25%', 10, 'up'), scaled('25%', 10, 'down'), scaled('100%', 7, 'down')]).to.deep.equal([
      3, 3, 2, 7,
    ]);
    expect(() => scaled('25', 10, 'up')).to.throw('invalid value for IntOrString');
  });

  it('never lets both fenceposts be 0', () => {
    expect(fenceposts(deployment(10))).to.deep.equal({ surge: 3, unavailable: 2 });
    expect(fenceposts(deployment(1, 0, '25%'))).to.deep.equal({ surge: 0, unavailable: 1 });
    expect(fenceposts(deployment(1))).to.deep.equal({ surge: 1, unavailable: 0 });
  });

  it('lets no more pods be missing than are wanted', () => {
    expect(maxUnavailable(deployment(3, 0, 5))).to.equal(3);
    expect(maxUnavailable(deployment(0))).to.equal(0);
  });

  it('grows the new set into the room that is left, never beyond what is wanted', () => {
    const d = deployment(10, 2, 2);
    const grown = (oldSize: number, newSize: number) => newReplicas(d, [set('old', oldSize), set('new', newSize)], set('new', newSize));
    expect([grown(10, 0), grown(8, 2), grown(8, 4), grown(5, 4), grown(0, 9), grown(13, 0)]).to.deep.equal([2, 4, 4, 7, 10, 0]);
  });

  it('does away with unhealthy pods first, the oldest set first', () => {
    const old = [
      set('b', 4, { available: 3, created: '2026-01-02T00:00:00Z' }),
      set('a', 8, { available: 5 }),
      set('healthy', 2, { available: 2 }),
    ];
    expect(sizes(cleanupUnhealthy(old, 10))).to.deep.equal({ a: 5, b: 3 });
    expect(sizes(cleanupUnhealthy(old, 2))).to.deep.equal({ a: 6 });
    expect(sizes(cleanupUnhealthy([set('odd', 1, { available: 2 })], 5))).to.deep.equal({});
  });

  it('shrinks old sets by as much as may go, the oldest first', () => {
    const old = [set('young', 5, { created: '2026-02-01T00:00:00Z' }), set('old', 3)];
    expect(sizes(shrinkOld(old, 4))).to.deep.equal({ old: 0, young: 4 });
    expect(sizes(shrinkOld(old, 0))).to.deep.equal({});
    expect(sizes(shrinkOld(old, -1))).to.deep.equal({});
  });
});

describe('proportional scaling', () => {
  it('grows every set by its share, and gives the rest to the largest and newest', () => {
    // the worked example of the Deployment documentation: 10 -> 15 replicas with maxSurge 3 and maxUnavailable 2
    const d = deployment(15, 3, 2);
    expect(sizes(proportional(d, [set('old', 8, { max: 13 }), set('new', 5, { max: 13 })]))).to.deep.equal({ old: 11, new: 7 });
  });

  it('gives the rest to the newest of equal sets when growing, and takes it from the oldest when shrinking', () => {
    const sets = () => [set('old', 5, { max: 10 }), set('new', 5, { max: 10, created: '2026-02-01T00:00:00Z' })];
    expect(sizes(proportional(deployment(11, 0, 1), sets()))).to.deep.equal({ new: 6, old: 5 });
    expect(sizes(proportional(deployment(9, 0, 1), sets()))).to.deep.equal({ new: 5, old: 4 });
  });

  it('shrinks every set by its share', () => {
    expect(sizes(proportional(deployment(5, 0, 1), [set('old', 6, { max: 10 }), set('new', 4, { max: 10 })]))).to.deep.equal({
      old: 3,
      new: 2,
    });
  });

  it('empties all sets of a Deployment that wants nothing', () => {
    expect(sizes(proportional(deployment(0), [set('old', 6, { max: 10 }), set('new', 4, { max: 10 })]))).to.deep.equal({ old: 0, new: 0 });
  });

  it('changes nothing where the sum is right', () => {
    expect(sizes(proportional(deployment(10, 0, 1), [set('old', 6, { max: 10 }), set('new', 4, { max: 10 })]))).to.deep.equal({
      old: 6,
      new: 4,
    });
  });

  it('goes by the observed size where a set has no annotation', () => {
    expect(sizes(proportional(deployment(20, 0, 1, 10), [set('old', 6), set('new', 4)]))).to.deep.equal({ old: 12, new: 8 });
  });
});
