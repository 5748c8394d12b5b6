import { expect } from 'chai';
import type { Context } from '../../../src/api/context.js';
import type { PersistentVolume } from '../../../src/api/types/core-v1.gen.js';
import persistentvolumes from '../../../src/api/v1/persistentvolumes.js';
import { decode } from '../../../src/api/schema/decode.js';
import { structTypeOf } from '../../../src/api/schema/types.js';

const NFS = { nfs: { server: 's', path: '/p' } };

function volume(spec: object): PersistentVolume {
  const object = { metadata: { name: 'v' }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...spec } };
  return decode<PersistentVolume>(structTypeOf('io.k8s.api.core.v1.PersistentVolume'), object).object;
}
const told = (errors: readonly { field: string; message: string }[] = []) => errors.map(({ field, message }) => `${field}: ${message}`);
const problems = (spec: object) => told(persistentvolumes.validate?.(volume(spec), {} as Context));
const changes = (spec: object, old: object) => told(persistentvolumes.validateUpdate?.(volume(spec), volume(old), {} as Context));

describe('persistent volumes', () => {
  it('are told of names of iSCSI without a hint at prefixes', () => {
    const iscsi = { targetPortal: 't', iqn: 'x', initiatorName: 'x', lun: 0 };
    expect(problems({ iscsi })).to.deep.equal([
      'spec.iscsi.iqn: Invalid value: "x": must be valid format',
      'spec.iscsi.initiatorname: Invalid value: "x": must be valid format',
    ]);
  });
  it('tell a capacity that is empty from one that is not there', () => {
    const required = 'spec.capacity: Required value';
    expect(problems({ ...NFS, capacity: {} })).to.deep.equal([
      required,
      'spec.capacity: Unsupported value: {}: supported values: "storage"',
    ]);
    expect(problems({ ...NFS, capacity: undefined })).to.deep.equal([
      required,
      'spec.capacity: Unsupported value: null: supported values: "storage"',
    ]);
  });
  it('show a changed source by the names of upstream’s types', () => {
    const rbd = { monitors: ['m'], image: 'a' };
    const [problem] = changes({ rbd: { ...rbd, image: 'b' } }, { rbd });
    expect(problem).to.match(/-  "RBDImage": "a",\n\+  "RBDImage": "b",/);
  });
  it('may follow labels of nodes that were renamed', () => {
    const to = (key: string) => ({
      ...NFS,
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }] } },
    });
    const old = to('failure-domain.beta.kubernetes.io/zone');
    expect(changes(to('topology.kubernetes.io/zone'), old)).to.deep.equal([]);
    for (const next of [to('topology.kubernetes.io/region'), { ...NFS, nodeAffinity: { required: {} } }])
      expect(changes(next, old).at(-1)).to.match(
        /^nodeAffinity: Invalid value: .*: field is immutable, except for updating from beta label to GA$/,
      );
  });
});
