import { expect } from 'chai';
import type { Deployment, ReplicaSet } from '../../../src/api/types/apps-v1.gen.js';
import type { PodTemplateSpec } from '../../../src/api/types/core-v1.gen.js';
import { sameTemplate, TEMPLATE_HASH, templateHash } from '../../../src/controllers/deployment/hash.js';
import { newSet } from '../../../src/controllers/deployment/new-set.js';
import {
  newSetAnnotations,
  nextRevision,
  numberAnnotation,
  REVISION,
  REVISION_HISTORY,
} from '../../../src/controllers/deployment/revisions.js';

function template(image: string, labels: Record<string, string> = { app: 'web' }): PodTemplateSpec {
  return { metadata: { name: '', labels }, spec: { containers: [{ name: 'main', image }] } };
}

function deployment(annotations: Record<string, string> = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', uid: 'u1', annotations },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: 'web' } },
      template: template('a'),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
    },
    status: {},
  };
}

function setWith(annotations: Record<string, string>): ReplicaSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 's', annotations },
    spec: { selector: {} },
    status: { replicas: 0 },
  };
}

describe('template hash', () => {
  it('is the same whatever the order of fields, and safe in a name', () => {
    const a = template('a', { app: 'web', tier: 'x' });
    const b = { spec: { containers: [{ image: 'a', name: 'main' }] }, metadata: { labels: { tier: 'x', app: 'web' }, name: '' } };
    expect(templateHash(a, undefined)).to.equal(templateHash(b, undefined));
    expect(templateHash(a, undefined)).to.match(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  });

  it('differs by content and by collisions', () => {
    const hashes = [
      templateHash(template('a'), undefined),
      templateHash(template('b'), undefined),
      templateHash(template('a'), 1),
      templateHash(template('a'), 2),
    ];
    expect(new Set(hashes).size).to.equal(4);
  });

  it('does not count when templates are compared', () => {
    expect(sameTemplate(template('a'), template('a', { app: 'web', [TEMPLATE_HASH]: 'xyz' }))).to.equal(true);
    expect(sameTemplate(template('a'), template('b'))).to.equal(false);
    expect(sameTemplate(template('a'), template('a', { app: 'other' }))).to.equal(false);
  });
});

describe('revisions', () => {
  it('go on from the highest of the old sets', () => {
    expect(nextRevision([])).to.equal(1);
    expect(nextRevision([setWith({ [REVISION]: '3' }), setWith({ [REVISION]: '11' }), setWith({ [REVISION]: 'x' }), setWith({})])).to.equal(
      12,
    );
  });

  it('of a set that is the newest again are kept as its history', () => {
    const annotations = newSetAnnotations(deployment(), setWith({ [REVISION]: '3', [REVISION_HISTORY]: '1' }), 5);
    expect(annotations).to.deep.equal({ [REVISION]: '5', [REVISION_HISTORY]: '1,3' });
  });

  it('stay where they are high enough', () => {
    expect(newSetAnnotations(deployment(), setWith({ [REVISION]: '5' }), 5)).to.deep.equal({ [REVISION]: '5' });
  });

  it('lose the oldest part of a history that grows too long', () => {
    const long = Array.from({ length: 500 }, (_, i) => String(1000 + i)).join(',');
    const history =
      newSetAnnotations(deployment(), setWith({ [REVISION]: '1500', [REVISION_HISTORY]: long }), 1501)[REVISION_HISTORY] ?? '';
    expect(history.length).to.be.at.most(2000);
    expect(history).to.match(/^1101,.*,1499,1500$/);
  });

  it('come with the annotations of the Deployment, but not with those that are its own', () => {
    const d = deployment({
      'kubernetes.io/change-cause': 'because',
      [REVISION]: '9',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    });
    expect(newSetAnnotations(d, setWith({ kept: 'x', 'kubernetes.io/change-cause': 'before' }), 1)).to.deep.equal({
      kept: 'x',
      'kubernetes.io/change-cause': 'because',
      [REVISION]: '1',
    });
  });

  it('leave a set alone whose revision cannot be read', () => {
    expect(newSetAnnotations(deployment({ a: 'b' }), setWith({ [REVISION]: 'x' }), 5)).to.deep.equal({ [REVISION]: 'x' });
  });

  it('are counts, or nothing', () => {
    expect(numberAnnotation(setWith({ n: '12' }), 'n')).to.equal(12);
    for (const bad of ['', '-1', '1.5', 'x', '99999999999']) expect(numberAnnotation(setWith({ n: bad }), 'n'), bad).to.equal(undefined);
  });
});

describe('new ReplicaSet', () => {
  it('has the hash in its name, labels, selector and template, and the size that is allowed', () => {
    const set = newSet(deployment(), [], 1);
    const hash = set.metadata.labels?.[TEMPLATE_HASH] ?? '';
    expect(set.metadata.name).to.equal(`web-${hash}`);
    expect(set.spec.selector.matchLabels).to.deep.equal({ app: 'web', [TEMPLATE_HASH]: hash });
    expect(set.spec.template?.metadata?.labels).to.deep.equal({ app: 'web', [TEMPLATE_HASH]: hash });
    expect(set.spec.replicas).to.equal(4);
    expect(set.metadata.annotations).to.deep.equal({
      'deployment.kubernetes.io/revision': '1',
      'deployment.kubernetes.io/desired-replicas': '4',
      'deployment.kubernetes.io/max-replicas': '5',
    });
    expect(set.metadata.ownerReferences).to.deep.equal([
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'u1', controller: true, blockOwnerDeletion: true },
    ]);
  });

  it('begins with what the surge allows beside the old', () => {
    const old: ReplicaSet = { ...setWith({}), spec: { replicas: 4, selector: {} } };
    expect(newSet(deployment(), [old], 2).spec.replicas).to.equal(1);
  });

  it('has a name that is not too long', () => {
    const d = deployment();
    const set = newSet({ ...d, metadata: { ...d.metadata, name: 'x'.repeat(253) } }, [], 1);
    expect(set.metadata.name).to.have.length(253);
    expect(set.metadata.name).to.match(/x-[a-z0-9]+$/);
  });
});
