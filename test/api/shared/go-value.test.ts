import { expect } from 'chai';
import { goValue } from '../../../src/api/shared/go-value.js';

describe('values as upstream prints them', () => {
  it('show all fields, by their Go names', () => {
    expect(goValue({ matchExpressions: [{ key: 'k', operator: 'Exists' }] }, 'core.NodeSelectorTerm')).to.deep.equal({
      MatchExpressions: [{ Key: 'k', Operator: 'Exists', Values: null }],
      MatchFields: null,
    });
    expect(goValue(undefined, '*core.VolumeNodeAffinity')).to.equal(null);
  });
  it('have what is embedded among their own fields', () => {
    const template = { metadata: { labels: { a: 'b' } }, spec: { spec: undefined, devices: { requests: [] } } };
    expect(goValue(template, 'resource.ResourceClaimTemplateSpec')).to.deep.equal({
      labels: { a: 'b' },
      Spec: { Devices: { Requests: null, Constraints: null, Config: null } },
    });
  });
  it('have the network of a pod in its security context', () => {
    const { SecurityContext: context, HostNetwork: outside } = goValue({ containers: [], hostNetwork: true }, 'core.PodSpec') as Record<
      string,
      Record<string, unknown>
    >;
    expect(context?.['HostNetwork']).to.equal(true);
    expect(outside).to.equal(undefined);
  });
  it('name the values of attributes', () => {
    expect(goValue({ int: 1, strings: ['s'] }, 'resource.DeviceAttribute')).to.include({ IntValue: 1, StringValue: null });
  });
  it('are made up where nothing is known', () => {
    expect(goValue({ apiGroup: 'g', items: [{ podIP: 'i' }], absent: undefined })).to.deep.equal({
      APIGroup: 'g',
      Items: [{ PodIP: 'i' }],
    });
  });
});
