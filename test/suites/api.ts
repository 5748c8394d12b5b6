// Conversations that every Kubernetes v1.36 API server must answer alike: told over HTTPS with supertest, against ours or any other
// (see test/api-suite.test.ts). No controllers are needed; everything happens in a namespace of its own.
import { expect } from 'chai';
import { coreKindConversations } from './api/core-kinds.js';
import { customConversations } from './api/custom.js';
import { deletionConversations } from './api/deletion.js';
import { deepConversations } from './api/deep.js';
import { groupConversations } from './api/groups.js';
import { hostileConversations } from './api/hostile.js';
import { integerConversations } from './api/integers.js';
import { nodeAccessConversations } from './api/node-access.js';
import { objectConversations } from './api/objects.js';
import { parameterConversations } from './api/parameters.js';
import { particularConversations } from './api/particulars.js';
import { patchConversations } from './api/patches.js';
import { readingConversations } from './api/reading.js';
import { reviewConversations } from './api/reviews.js';
import { Api, type ApiAccess } from './api/session.js';
import { subresourceConversations } from './api/subresources.js';
import { workloadConversations } from './api/workloads.js';

/** A server to talk to. */
export interface ApiServer extends ApiAccess {
  close(): Promise<void>;
}

/** @param open starts or finds the server; its identity must be allowed everything */
export function apiSuite(open: () => Promise<ApiServer>): void {
  let server: ApiServer;
  let api: Api;

  before(async () => {
    server = await open();
    api = new Api(server, `api-suite-${Date.now().toString(36)}`);
    await api.post('/api/v1/namespaces', { metadata: { name: api.namespace } }).expect(201);
    // without controllers nobody else makes it, and pods are refused without it
    const account = await api.post(api.path('serviceaccounts'), { metadata: { name: 'default' } });
    expect(account.status).to.be.oneOf([201, 409]);
  });

  after(async () => {
    if (!api) return;
    for (const resource of ['pods', 'configmaps', 'services']) await api.delete(`${api.path(resource)}?gracePeriodSeconds=0`);
    await api.delete(`/api/v1/namespaces/${api.namespace}`);
    const { body } = await api.get(`/api/v1/namespaces/${api.namespace}`);
    if (body.kind === 'Namespace') await api.put(`/api/v1/namespaces/${api.namespace}/finalize`, { ...body, spec: { finalizers: [] } });
    await server.close();
  });

  const use = () => api;
  describe('objects', () => objectConversations(use));
  describe('lists and watches', () => readingConversations(use));
  describe('patches', () => patchConversations(use));
  describe('subresources', () => subresourceConversations(use));
  describe('deep input', () => deepConversations(use));
  describe('other groups', () => groupConversations(use));
  describe('hostile input', () => hostileConversations(use));
  describe('custom resources', () => customConversations(use));
  describe('integers', () => integerConversations(use));
  describe('particulars', () => particularConversations(use));
  describe('kinds of the core group', () => coreKindConversations(use));
  describe('workloads and networking', () => workloadConversations(use));
  describe('parameters', () => parameterConversations(use));
  describe('deletion', () => deletionConversations(use));
  describe('reviews', () => reviewConversations(use));
  describe('access of nodes', () => nodeAccessConversations(use));
}
