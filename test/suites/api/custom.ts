import { expect } from 'chai';
import { eventually } from '../../helpers/cluster.js';
import type { Api } from './session.js';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** What is told about custom resources, found by comparing with the real server (test/differential). */
export function customConversations(use: () => Api): void {
  const group = (): string => `${use().namespace}.example.com`;
  const widgets = (...rest: string[]): string => use().path(`widgets.${group()}`, ...rest);
  const widget = (name: string, rest: object = {}) => ({ apiVersion: `${group()}/v1`, kind: 'Widget', metadata: { name }, ...rest });

  before(async () => {
    const api = use();
    const names = { plural: 'widgets', kind: 'Widget' };
    const spec = { group: group(), scope: 'Namespaced', names, versions: VERSIONS };
    await api.post(DEFINITIONS, { metadata: { name: `widgets.${group()}` }, spec }).expect(201);
    await eventually('widgets are served', async () => (await api.get(widgets())).status === 200);
  });
  after(async () => {
    await use().delete(`${DEFINITIONS}/widgets.${group()}`);
  });

  it('shows custom resources and lists of them with sorted fields', async () => {
    const api = use();
    const created = await api.post(widgets(), widget('sorted', { spec: { size: 1 } })).expect(201);
    expect(Object.keys(created.body)).to.deep.equal(['apiVersion', 'kind', 'metadata', 'spec']);
    expect(Object.keys(created.body.metadata)).to.deep.equal(Object.keys(created.body.metadata).sort());
    const { body } = await api.get(`${widgets()}?fieldSelector=metadata.name%3Dsorted`).expect(200);
    expect(Object.keys(body)).to.deep.equal(['apiVersion', 'items', 'kind', 'metadata']);
    expect(Object.keys(body.items[0])).to.deep.equal(['apiVersion', 'kind', 'metadata', 'spec']);
  });
}

const VERSIONS = [
  {
    name: 'v1',
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
      },
    },
  },
];
