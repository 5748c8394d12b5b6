import { expect } from 'chai';
import type { Context } from '../../../src/api/context.js';
import type { Node } from '../../../src/api/types/core-v1.gen.js';
import nodes from '../../../src/api/v1/nodes.js';

const AVOID = 'scheduler.alpha.kubernetes.io/preferAvoidPods';

/** What is wrong with a node of the annotation. */
function problems(annotation: string): string[] {
  const node = { metadata: { name: 'n', annotations: { [AVOID]: annotation } }, spec: {}, status: {} } as unknown as Node;
  return (nodes.validate?.(node, {} as Context) ?? []).map(({ field, message }) => `${field}: ${message}`);
}

describe('the annotation of nodes about pods to avoid', () => {
  it('names controllers', () => {
    const podController = { apiVersion: 'v1', kind: 'ReplicationController', name: 'r', uid: 'u', controller: true };
    expect(problems(JSON.stringify({ preferAvoidPods: [{ podSignature: { podController } }] }))).to.deep.equal([]);
    expect(problems('{"preferAvoidPods":[{"podSignature":{}}]}')).to.deep.equal([
      `metadata.annotations.${AVOID}[0].PodSignature: Required value`,
    ]);
    expect(problems('{"preferAvoidPods":[{"podSignature":{"podController":{"controller":false}}}]}')).to.deep.equal([
      `metadata.annotations.${AVOID}[0].PodSignature.PodController: Invalid value: false: must point to a controller`,
    ]);
  });
  it('is JSON', () => {
    const said = (why: string) => [`metadata.annotations.AvoidPods: Invalid value: "${AVOID}": ${why}`];
    expect(problems('bad')).to.deep.equal(said("invalid character 'b' looking for beginning of value"));
    expect(problems('[]')).to.deep.equal(said('json: cannot unmarshal array into Go value of type v1.AvoidPods'));
  });
});
