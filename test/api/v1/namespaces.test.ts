import { expect } from 'chai';
import type { Context } from '../../../src/api/context.js';
import type { Namespace } from '../../../src/api/types/core-v1.gen.js';
import namespaces from '../../../src/api/v1/namespaces.js';
import { planDeletion, releasedBy } from '../../../src/registry/deletion.js';
import { prepareUpdate } from '../../../src/registry/preparation.js';

const context = { services: { clock: { now: () => Date.UTC(2026, 0, 1) } }, subresource: '' } as unknown as Context;

function namespace(): Namespace {
  const made = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } } as Namespace;
  namespaces.defaults?.(made);
  namespaces.prepareCreate?.(made, context);
  return made;
}

function terminating(): Namespace {
  const plan = planDeletion(namespaces as never, namespace(), {}, context);
  if (plan.action !== 'mark') throw new Error(`the deletion is ${plan.action}`);
  return plan.object as Namespace;
}

describe('namespaces', () => {
  it('are born active, labelled with their name, and held for their content', () => {
    const { metadata, spec, status } = namespace();
    expect(metadata.labels).to.deep.equal({ 'kubernetes.io/metadata.name': 'n' });
    expect([spec.finalizers, status.phase]).to.deep.equal([['kubernetes'], 'Active']);
  });
  it('are terminating once deleted', () => {
    const { metadata, status } = terminating();
    expect(metadata.deletionTimestamp).to.equal('2026-01-01T00:00:00Z');
    expect(metadata.deletionGracePeriodSeconds).to.equal(undefined);
    expect(status.phase).to.equal('Terminating');
  });
  it('are gone when nothing holds them any more', () => {
    const old = terminating();
    const next = structuredClone(old);
    expect(releasedBy(namespaces as never, next, old), 'still held by its content').to.equal(false);
    next.spec.finalizers = [];
    expect(releasedBy(namespaces as never, next, old)).to.equal(true);
    next.metadata.finalizers = ['example.com/mine'];
    expect(releasedBy(namespaces as never, next, old), 'held by the metadata').to.equal(false);
  });
  it('keep their finalizers in updates that are not about them', () => {
    const old = namespace();
    old.metadata.resourceVersion = '1';
    const throughPart = (subresource: string) => {
      const next = structuredClone(old);
      next.spec.finalizers = [];
      prepareUpdate(namespaces as never, next, old, { ...context, subresource });
      return next.spec.finalizers;
    };
    expect(throughPart('')).to.deep.equal(['kubernetes']);
    expect(throughPart('status')).to.deep.equal(['kubernetes']);
    expect(throughPart('finalize')).to.deep.equal([]);
  });
});
