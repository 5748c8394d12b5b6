import { expect } from 'chai';
import claims from '../../src/api/v1/persistentvolumeclaims.js';
import type { Definition } from '../../src/api/definition.js';
import { HotObjects, itemDecoder, Written } from '../../src/registry/item.js';
import { canonical, encode } from '../../src/registry/metadata.js';
import type { KubeObject } from '../../src/api/meta/object.js';
import type { PersistentVolumeClaim } from '../../src/api/types/core-v1.gen.js';

const UID = '8c2a4d8e-0000-4000-8000-000000000000';
const KEY = '/registry/persistentvolumeclaims/default/a';
const claim = (phase?: string) =>
  ({
    metadata: { name: 'a', namespace: 'default', uid: UID, annotations: { 'x"resourceVersion":"9': '' } },
    spec: { accessModes: ['ReadWriteOnce'] },
    status: phase === undefined ? {} : { phase },
  }) as unknown as KubeObject;

/** A store's and a cache's way of an object: as text, and with what it was made of. */
function written(object: KubeObject, remembered = true) {
  const asked: KubeObject[] = [];
  const definition = {
    ...claims,
    complete: (o: PersistentVolumeClaim) => (asked.push(o), claims.complete?.(o) ?? o),
  } as unknown as Definition;
  const memory = new Written();
  const stored = canonical(definition, object);
  const value = encode(stored);
  if (remembered) memory.remember(value, stored);
  const decode = itemDecoder({ definition, hot: new HotObjects(4) }, memory);
  return { stored, asked, item: decode({ key: KEY, value, revision: 7 }) };
}

describe('items', () => {
  it('know the object that was just written without parsing its text', () => {
    const { stored, asked, item } = written(claim('Bound'));
    expect(item.parsed).to.equal(stored);
    expect(asked).to.deep.equal([stored]);
    expect(JSON.stringify(stored)).to.equal(item.text.toString());
    expect(item.completed).to.equal(false);
  });

  it('are completed from it, and leave it alone', () => {
    const { stored, item } = written(claim());
    expect((stored as PersistentVolumeClaim).status).to.deep.equal({});
    expect(item.completed).to.equal(true);
    expect((item.parsed as PersistentVolumeClaim).status).to.deep.equal({ phase: 'Pending' });
    expect(JSON.parse(item.text.toString())).to.deep.equal(JSON.parse(JSON.stringify(item.parsed)));
  });

  it('are the same when they are read from their text', () => {
    for (const object of [claim(), claim('Bound')]) {
      const [known, read] = [written(object).item, written(object, false).item];
      expect(read.text.toString()).to.equal(known.text.toString());
      expect(read.completed).to.equal(known.completed);
      expect(read.at(8).text.toString()).to.equal(read.text.toString().replace('"resourceVersion":"7"', '"resourceVersion":"8"'));
    }
  });
});
