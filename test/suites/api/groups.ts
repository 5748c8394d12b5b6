import { expect } from 'chai';
import { encodeObject } from '../../../src/api/protobuf/index.js';
import { type Api, refused } from './session.js';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** What is told about kinds of storage, devices, admission, flow control and aggregation, found by test/differential. */
export function groupConversations(use: () => Api): void {
  it('refuses a quantity that is none in protobuf as it does in JSON', async () => {
    const api = use();
    const kind = { kind: 'CSIStorageCapacity', apiVersion: 'storage.k8s.io/v1' };
    const capacity = { ...kind, metadata: { name: 'c' }, storageClassName: 'c', capacity: 'x' };
    const body = encodeObject(capacity);
    const answer = await api.raw('post', api.path('csistoragecapacities.storage.k8s.io')).set('content-type', PROTOBUF).send(body);
    const told =
      'CSIStorageCapacity in version "v1" cannot be handled as a CSIStorageCapacity: quantities must match the regular expression';
    expect(answer.body.message).to.contain(told);
    refused(answer, 400, 'BadRequest', /quantities must match/);
  });
}
