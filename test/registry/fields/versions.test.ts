import { expect } from 'chai';
import v1 from '../../../src/api/autoscaling-v1/horizontalpodautoscalers.js';
import v2 from '../../../src/api/autoscaling-v2/horizontalpodautoscalers.js';
import type { Definition } from '../../../src/api/definition.js';
import type { KubeObject } from '../../../src/api/meta/object.js';
import { ownedType } from '../../../src/api/schema/types.js';
import { applyObject, trackUpdate } from '../../../src/registry/fields/index.js';
import { versionsOf } from '../../../src/registry/managed-fields.js';

const SIBLINGS = [v1, v2] as unknown as Definition[];
const [own, stored] = SIBLINGS as [Definition, Definition];

/** An autoscaler in the form of v1. */
function autoscaler(targetCPUUtilizationPercentage: number, managedFields?: object[]): KubeObject {
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a', managedFields },
    spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd' }, targetCPUUtilizationPercentage },
    status: {},
  } as unknown as KubeObject;
}

describe('managers of several versions of a kind', () => {
  const manager = (apiVersion: string) => ({
    manager: 'first',
    operation: 'Update',
    apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': { 'f:maxReplicas': {}, 'f:metrics': {} } },
  });
  const track = (apiVersion: string) => {
    const object = autoscaler(50);
    const live = autoscaler(80, [manager(apiVersion)]);
    const versions = versionsOf(own, stored, () => SIBLINGS, '');
    const type = ownedType(own);
    trackUpdate({ type, object, live, manager: 'second', apiVersion: 'autoscaling/v1', subresource: '', reset: {}, now: 0, versions });
    return object.metadata.managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]);
  };

  it('lose what a write changes as their version has it', () => {
    expect(track('autoscaling/v2')).to.deep.equal([
      ['first', { 'f:spec': { 'f:maxReplicas': {} } }],
      ['second', { 'f:spec': { 'f:targetCPUUtilizationPercentage': {} } }],
    ]);
  });
  it('go when their version is no longer there', () => {
    expect(track('autoscaling/v2beta2')).to.deep.equal([['second', { 'f:spec': { 'f:targetCPUUtilizationPercentage': {} } }]]);
  });
  it('are met by who applies another version', () => {
    const applied = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'a' }, spec: {} } as KubeObject;
    const apply = (targetCPUUtilizationPercentage: number) =>
      applyObject({
        type: ownedType(own),
        live: autoscaler(80, [manager('autoscaling/v2')]),
        applied: { ...applied, spec: { targetCPUUtilizationPercentage } } as unknown as KubeObject,
        manager: 'second',
        force: false,
        apiVersion: 'autoscaling/v1',
        kind: 'HorizontalPodAutoscaler',
        subresource: '',
        reset: {},
        defaults: () => undefined,
        now: 0,
        versions: versionsOf(own, stored, () => SIBLINGS, ''),
      });
    expect(() => apply(50)).to.throw('conflict with "first" using autoscaling/v2: .spec.metrics');
    expect(apply(80).metadata.managedFields?.map((entry) => entry.manager)).to.deep.equal(['second', 'first']);
  });
});
