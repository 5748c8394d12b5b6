import { expect } from 'chai';
import { dropForeign, readManagers } from '../../../src/registry/fields/managers.js';

describe('managers of fields', () => {
  it('forgets managers of other groups', () => {
    const entry = (apiVersion: string) => ({
      manager: 'm',
      operation: 'Update',
      apiVersion,
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:reason': {} },
    });
    const left = (own: string) => {
      const managers = readManagers(['v1', 'events.k8s.io/v1', 'events.k8s.io/v1beta1'].map(entry)) ?? new Map();
      dropForeign(managers, own);
      return [...managers.values()].map(({ apiVersion }) => apiVersion);
    };
    expect(left('v1')).to.deep.equal(['v1']);
    expect(left('events.k8s.io/v1')).to.deep.equal(['events.k8s.io/v1', 'events.k8s.io/v1beta1']);
  });
});
