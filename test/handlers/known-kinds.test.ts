import { expect } from 'chai';
import { goName, isRegistered } from '../../src/handlers/known-kinds.js';

const gvk = (group: string, version: string, kind: string) => ({ group, version, kind });

describe('kinds that upstream knows', () => {
  it('are those that are served, and their lists', () => {
    expect(isRegistered(gvk('', 'v1', 'PodList'))).to.equal(true);
    expect(isRegistered(gvk('', 'v1', 'Other'))).to.equal(false);
  });
  it('are those of old versions', () => {
    expect(isRegistered(gvk('policy', 'v1beta1', 'Eviction'))).to.equal(true);
    expect(isRegistered(gvk('policy', 'v1beta1', 'EvictionList'))).to.equal(false);
    expect(isRegistered(gvk('batch', 'v1beta1', 'CronJobList'))).to.equal(true);
    expect(isRegistered(gvk('batch', 'v1beta1', 'Job'))).to.equal(false);
    expect(isRegistered(gvk('autoscaling', 'v2beta2', 'HorizontalPodAutoscaler'))).to.equal(false);
  });
  it('are options of requests in every version that is known, and statuses anywhere', () => {
    expect(isRegistered(gvk('', 'v1', 'ListOptions'))).to.equal(true);
    expect(isRegistered(gvk('apps', 'v1beta2', 'WatchEvent'))).to.equal(true);
    expect(isRegistered(gvk('', 'v9', 'ListOptions'))).to.equal(false);
    expect(isRegistered(gvk('', 'v9', 'Status'))).to.equal(true);
    expect(goName(gvk('batch', 'v1beta1', 'Status'))).to.equal('v1.Status');
    expect(goName(gvk('batch', 'v1beta1', 'CronJob'))).to.equal('v1beta1.CronJob');
  });
});
