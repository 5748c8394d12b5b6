import { expect } from 'chai';
import { runtimeClass } from '../../src/admission/runtime-class.js';
import type { AdmissionAttributes } from '../../src/api/admission.js';
import type { PodSpec } from '../../src/api/types/core-v1.gen.js';
import type { RuntimeClass } from '../../src/api/types/node-v1.gen.js';
import { makePod } from '../helpers/pods.js';

const kata: RuntimeClass = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name: 'kata' },
  handler: 'kata',
  overhead: { podFixed: { cpu: '250m' } },
  scheduling: { nodeSelector: { kata: 'yes' }, tolerations: [{ key: 'kata', operator: 'Exists' }] },
};

/** @returns the spec that the step makes of `spec` */
async function admit(spec: Partial<PodSpec>): Promise<PodSpec> {
  const object = makePod({ spec });
  const reader = { get: (_: unknown, __: string, name: string) => (name === 'kata' ? kata : undefined) };
  const attributes = { definition: { group: '', resource: 'pods' }, name: 'p', object, context: { services: { reader } } };
  await runtimeClass.mutate?.(attributes as unknown as AdmissionAttributes);
  await runtimeClass.validate?.(attributes as unknown as AdmissionAttributes);
  return object.spec;
}

async function refusal(spec: Partial<PodSpec>): Promise<string> {
  return admit(spec).then(
    () => 'admitted',
    (e: Error) => e.message.replace('pods "p" is forbidden: ', ''),
  );
}

describe('the admission step RuntimeClass', () => {
  it('leaves pods without a class alone', async () => {
    const spec = await admit({});
    expect(spec.overhead).to.equal(undefined);
    expect(spec.nodeSelector).to.equal(undefined);
  });
  it('gives pods what their class says', async () => {
    const spec = await admit({ runtimeClassName: 'kata', nodeSelector: { mine: '1' } });
    expect(spec.overhead).to.deep.equal({ cpu: '250m' });
    expect(spec.nodeSelector).to.deep.equal({ mine: '1', kata: 'yes' });
    expect(spec.tolerations).to.deep.equal([{ key: 'kata', operator: 'Exists' }]);
  });
  it('adds no toleration that another one covers', async () => {
    const all = { operator: 'Exists' } as const;
    expect((await admit({ runtimeClassName: 'kata', tolerations: [all] })).tolerations).to.deep.equal([all]);
    const narrow = { key: 'kata', operator: 'Exists', effect: 'NoSchedule' } as const;
    const wide = { key: 'kata', operator: 'Exists' } as const;
    expect((await admit({ runtimeClassName: 'kata', tolerations: [narrow] })).tolerations).to.deep.equal([wide]);
  });
  it('takes the same amount in other words', async () => {
    expect((await admit({ runtimeClassName: 'kata', overhead: { cpu: '0.25' } })).overhead).to.deep.equal({ cpu: '250m' });
  });
  it('refuses classes that are not there, and pods that want otherwise', async () => {
    expect(await refusal({ runtimeClassName: 'none' })).to.equal('pod rejected: RuntimeClass "none" not found');
    expect(await refusal({ overhead: { cpu: '1' } })).to.equal(
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    );
    expect(await refusal({ runtimeClassName: 'kata', overhead: { cpu: '1' } })).to.equal(
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    );
    expect(await refusal({ runtimeClassName: 'kata', nodeSelector: { kata: 'no' } })).to.equal(
      'conflict: runtimeClass.scheduling.nodeSelector[kata] = yes; pod.spec.nodeSelector[kata] = no',
    );
  });
});
