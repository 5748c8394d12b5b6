import { expect } from 'chai';
import { fromCore, toCore } from '../../../src/api/events-v1/events.js';
import type { Event as CoreEvent } from '../../../src/api/types/core-v1.gen.js';

const stored: CoreEvent = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: 'default', labels: { a: 'b' } },
  involvedObject: { kind: 'Pod', namespace: 'default', name: 'p', fieldPath: 'spec.containers{c}' },
  reason: 'Started',
  message: 'Container started',
  source: { component: 'kubelet', host: 'n' },
  firstTimestamp: '2026-01-01T00:00:00Z',
  lastTimestamp: '2026-01-01T00:01:00Z',
  count: 2,
  type: 'Normal',
  eventTime: undefined,
  action: 'Start',
  series: { count: 3, lastObservedTime: '2026-01-01T00:01:00.000000Z' },
  related: { kind: 'Node', name: 'n' },
  reportingComponent: 'kubelet',
  reportingInstance: 'n',
};

describe('the two forms of events', () => {
  it('say the same in fields of other names', () => {
    const event = fromCore(stored);
    expect(event.apiVersion).to.equal('events.k8s.io/v1');
    expect(event.regarding).to.deep.equal(stored.involvedObject);
    expect([event.note, event.reportingController, event.reason]).to.deep.equal(['Container started', 'kubelet', 'Started']);
    expect([event.deprecatedSource, event.deprecatedCount]).to.deep.equal([stored.source, 2]);
    expect(event).not.to.have.any.keys('involvedObject', 'message', 'source', 'count', 'firstTimestamp', 'lastTimestamp');
  });
  it('lose nothing on the way there and back', () => {
    expect(toCore(fromCore(stored))).to.deep.equal(stored);
    const bare: CoreEvent = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: stored.metadata,
      involvedObject: {},
      source: {},
      reportingComponent: '',
      reportingInstance: '',
    };
    expect(JSON.parse(JSON.stringify(toCore(fromCore(bare))))).to.deep.equal(bare);
  });
});
