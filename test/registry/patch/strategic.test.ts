import { expect } from 'chai';
import { structTypeOf } from '../../../src/api/schema/types.js';
import { mergeStrategic, StrategicPatchError } from '../../../src/registry/patch/strategic.js';

type Fields = Record<string, unknown>;
const merged = (kind: string, original: object, patch: object) =>
  mergeStrategic(structTypeOf(`io.k8s.api.core.v1.${kind}`), structuredClone(original) as Fields, structuredClone(patch) as Fields);
const containers = (original: object[], patch: object[], extra = {}) =>
  (merged('PodSpec', { containers: original }, { containers: patch, ...extra }) as { containers: unknown }).containers;

describe('strategic merge', () => {
  const a = {
    name: 'a',
    image: 'i:1',
    env: [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ],
    args: ['x'],
  };
  const b = { name: 'b', image: 'i:2' };

  it('merges items of lists by their key; what is new comes first when the present list says nothing', () => {
    expect(containers([a], [b])).to.deep.equal([b, a]);
    expect(containers([a, b], [{ name: 'b', image: 'new' }])).to.deep.equal([a, { name: 'b', image: 'new' }]);
    expect(
      containers(
        [a],
        [
          {
            name: 'a',
            env: [
              { name: 'B', value: '22' },
              { name: 'C', value: '3' },
            ],
            args: ['z'],
          },
        ],
      ),
    ).to.deep.equal([
      {
        ...a,
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '22' },
          { name: 'C', value: '3' },
        ],
        args: ['z'],
      },
    ]);
  });
  it('deletes and replaces items by directive', () => {
    expect(containers([a, b], [{ name: 'a', $patch: 'delete' }])).to.deep.equal([b]);
    expect(containers([a, b], [{ $patch: 'replace' }, { name: 'only', image: 'o' }])).to.deep.equal([{ name: 'only', image: 'o' }]);
    expect(containers([a], [{ $patch: 'replace' }])).to.deep.equal([]);
  });
  it('orders items as $setElementOrder says, with the others where they were', () => {
    const c = { name: 'c', image: 'i:3' };
    expect(
      containers([a, b, c], [{ name: 'c', image: 'new' }], { '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }] }),
    ).to.deep.equal([b, { name: 'c', image: 'new' }, a]);
    expect(merged('PodSpec', { containers: [a, b] }, { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] })).to.deep.equal({
      containers: [b, a],
    });
  });
  it('merges lists of plain values where the type says so, and deletes from them', () => {
    const finalizers = (original: string[], patch: object) =>
      (merged('Pod', { metadata: { finalizers: original } }, { metadata: patch }) as { metadata: { finalizers: string[] } }).metadata
        .finalizers;
    expect(finalizers(['a', 'b'], { finalizers: ['c', 'a'] })).to.deep.equal(['c', 'a', 'b']);
    expect(finalizers(['a', 'b', 'c'], { '$deleteFromPrimitiveList/finalizers': ['b', 'z'] })).to.deep.equal(['a', 'c']);
    expect(finalizers(['a', 'b'], { finalizers: ['c'], '$setElementOrder/finalizers': ['c', 'a'] })).to.deep.equal(['c', 'a', 'b']);
  });
  it('replaces lists that have no key', () => {
    expect(merged('PodSpec', { tolerations: [{ key: 'x' }] }, { tolerations: [{ key: 'y' }] })).to.deep.equal({
      tolerations: [{ key: 'y' }],
    });
  });
  it('keeps only what $retainKeys lists', () => {
    const volumes = (patch: object) =>
      (merged('PodSpec', { volumes: [{ name: 'v', emptyDir: {} }] }, { volumes: [{ name: 'v', ...patch }] }) as { volumes: unknown })
        .volumes;
    expect(volumes({ hostPath: { path: '/x' } })).to.deep.equal([{ name: 'v', emptyDir: {}, hostPath: { path: '/x' } }]);
    expect(volumes({ $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } })).to.deep.equal([
      { name: 'v', hostPath: { path: '/x' } },
    ]);
  });
  it('replaces and empties maps by directive', () => {
    const annotations = (patch: object) =>
      (
        merged('Pod', { metadata: { annotations: { a: '1' } } }, { metadata: { annotations: patch } }) as {
          metadata: { annotations: unknown };
        }
      ).metadata.annotations;
    expect(annotations({ b: '2' })).to.deep.equal({ a: '1', b: '2' });
    expect(annotations({ $patch: 'replace', c: '3' })).to.deep.equal({ c: '3' });
    expect(annotations({ $patch: 'delete' })).to.deep.equal({});
    expect(annotations({ a: null, z: null, b: '1' })).to.deep.equal({ b: '1' });
  });
  it('takes directives and nulls out of what is new', () => {
    expect(
      merged(
        'Pod',
        {},
        {
          spec: {
            volumes: [
              { name: 'v', $patch: 'delete' },
              { name: 'w', emptyDir: null },
            ],
            nodeName: null,
          },
        },
      ),
    ).to.deep.equal({ spec: { volumes: [{ name: 'w' }] } });
    expect(merged('Pod', {}, { metadata: { annotations: { $patch: 'nonsense' } } })).to.deep.equal({ metadata: {} });
  });

  // the words and the status of kube-apiserver v1.36.3
  const refused: readonly (readonly [string, object, object, string, number])[] = [
    ['PodSpec', { containers: [a] }, { containers: [{ image: 'x' }] }, 'map: map[image:x] does not contain declared merge key: name', 500],
    [
      'PodSpec',
      { containers: [a] },
      { containers: [{ name: 'a', $patch: 'nonsense' }] },
      'unknown patch type: nonsense in map: map[$patch:nonsense name:a]',
      500,
    ],
    [
      'PodSpec',
      { containers: [a] },
      { containers: [{ name: 'a', $patch: 'merge' }] },
      'merging lists cannot yet be specified in the patch',
      500,
    ],
    ['Pod', { spec: {} }, { spec: { $retainKeys: 'x' } }, 'invalid patch format of retainKeys', 400],
    ['Pod', { spec: {} }, { spec: { $retainKeys: ['a'], b: 1 } }, 'invalid patch format of retainKeys', 400],
    ['Pod', {}, { $setElementOrder: ['a'] }, 'invalid patch format of setElementOrder list', 400],
    ['Pod', {}, { $deleteFromPrimitiveList: ['a'] }, 'invalid patch format of primitive list', 400],
    ['PodSpec', { containers: [[a]] }, { containers: [[b]] }, 'lists of lists are not supported', 422],
    [
      'PodSpec',
      { containers: [a, b] },
      { containers: [b, a], '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }] },
      'The order in patch list:',
      500,
    ],
  ];
  for (const [kind, original, patch, message, status] of refused) {
    it(`refuses ${JSON.stringify(patch)}: ${message}`, () => {
      expect(() => merged(kind, original, patch))
        .to.throw(StrategicPatchError, message)
        .with.property('status', status);
    });
  }
});
