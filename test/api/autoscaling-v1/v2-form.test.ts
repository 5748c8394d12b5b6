import { expect } from 'chai';
import { toV1, toV2 } from '../../../src/api/autoscaling-v1/v2-form.js';
import type { HorizontalPodAutoscaler, MetricSpec } from '../../../src/api/types/autoscaling-v2.gen.js';

const cpu: MetricSpec = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } };

function autoscaler(metrics: MetricSpec[]): HorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a', namespace: 'default' },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' }, minReplicas: 1, maxReplicas: 3, metrics },
    status: { desiredReplicas: 0 },
  } as HorizontalPodAutoscaler;
}
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

describe('autoscalers of v1', () => {
  it('aim at the use of the CPU', () => {
    const old = toV1(autoscaler([cpu]));
    expect(old.spec.targetCPUUtilizationPercentage).to.equal(50);
    expect(old.metadata.annotations).to.equal(undefined);
  });
  it('carry what they have no fields for', () => {
    const others: MetricSpec[] = [
      { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
      {
        type: 'Pods',
        pods: { metric: { name: 'qps', selector: { matchLabels: { a: 'b' } } }, target: { type: 'AverageValue', averageValue: '1' } },
      },
      {
        type: 'Object',
        object: { describedObject: { kind: 'Ingress', name: 'i' }, metric: { name: 'rps' }, target: { type: 'Value', value: '10' } },
      },
      { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'AverageValue', averageValue: '30' } } },
      {
        type: 'ContainerResource',
        containerResource: { name: 'cpu', container: 'c', target: { type: 'Utilization', averageUtilization: 60 } },
      },
    ];
    const made = autoscaler([...others, cpu]);
    made.spec.behavior = {
      scaleDown: { stabilizationWindowSeconds: 30, selectPolicy: 'Max', policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
    };
    const old = toV1(made);
    expect(Object.keys(old.metadata.annotations ?? {})).to.deep.equal([
      'autoscaling.alpha.kubernetes.io/metrics',
      'autoscaling.alpha.kubernetes.io/behavior',
    ]);
    expect(plain(toV2(old))).to.deep.equal(plain(made));
  });
  it('without an aim get the default one', () => {
    const old = toV1(autoscaler([cpu]));
    old.spec.targetCPUUtilizationPercentage = undefined;
    expect(toV2(old).spec.metrics?.[0]?.resource?.target.averageUtilization).to.equal(80);
  });
  it('do not mind annotations that hold no JSON', () => {
    const old = toV1(autoscaler([cpu]));
    old.metadata.annotations = { 'autoscaling.alpha.kubernetes.io/metrics': '{', mine: 'x' };
    const made = toV2(old);
    expect(made.spec.metrics).to.deep.equal([cpu]);
    expect(made.metadata.annotations).to.deep.equal({ mine: 'x' });
  });
});
