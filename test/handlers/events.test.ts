import { expect } from 'chai';
import { define } from '../../src/api/definition.js';
import { expired } from '../../src/api/meta/errors.js';
import type { KubeObject } from '../../src/api/meta/object.js';
import { eventEncoder } from '../../src/handlers/events.js';
import { itemOf } from '../../src/handlers/forms/item.js';
import { endpointOf, negotiateWatch } from '../../src/handlers/negotiation.js';
import type { ApiRequest } from '../../src/handlers/request.js';

let rows = 0;
const pods = define({
  group: '',
  version: 'v1',
  resource: 'pods',
  row: (object) => {
    rows++;
    return [object.metadata.name, ...(object as unknown as { spec: { containers: unknown[] } }).spec.containers];
  },
  rowConditions: () => [{ type: 'Completed', status: 'True' }],
});
const metadata = { name: 'a', resourceVersion: '7' };
const pod = itemOf({ kind: 'Pod', apiVersion: 'v1', metadata, spec: { containers: [] } } as unknown as KubeObject);
const bookmark = itemOf({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } },
} as unknown as KubeObject);

async function encoder(accept: string, query = '') {
  const request = { headers: { accept }, info: { query: new URLSearchParams(query) } } as unknown as ApiRequest;
  const made = await eventEncoder(negotiateWatch(request, endpointOf(pods, true)), { definition: pods, subresource: '', now: () => 0 });
  return { ...made, parsed: (event: Parameters<typeof made.event>[0]) => JSON.parse(made.event(event).toString()) };
}
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

describe('watch events', () => {
  it('are the text of the object, a line each', async () => {
    const json = await encoder('application/json');
    expect(json.event({ type: 'ADDED', item: pod }).toString()).to.equal(`{"type":"ADDED","object":${pod.text.toString()}}\n`);
    expect(JSON.parse(json.error(expired('too old').status).toString())).to.deep.include({ type: 'ERROR' });
  });

  it('as tables name the columns in the first only', async () => {
    const { parsed } = await encoder(TABLE);
    const first = parsed({ type: 'ADDED', item: pod });
    expect(first.object.columnDefinitions).to.have.length(9);
    expect(first.object.metadata).to.deep.equal({ resourceVersion: '7' });
    expect(first.object.rows[0]).to.deep.equal({
      cells: ['a'],
      conditions: [{ type: 'Completed', status: 'True' }],
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata },
    });
    expect(parsed({ type: 'MODIFIED', item: pod }).object.columnDefinitions).to.equal(null);
  });

  it('as tables carry bookmarks, even of kinds whose rows need whole objects', async () => {
    const { parsed } = await encoder(TABLE, 'includeObject=None');
    const { object } = parsed({ type: 'BOOKMARK', item: bookmark });
    expect(object.metadata).to.deep.equal({ resourceVersion: '9' });
    expect(object.rows[0].cells).to.have.length(9);
    expect(object.rows[0].object.metadata).to.deep.equal(bookmark.object.metadata);
  });

  it('are metadata where asked', async () => {
    const { parsed } = await encoder('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io');
    expect(parsed({ type: 'DELETED', item: pod })).to.deep.equal({
      type: 'DELETED',
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata },
    });
  });

  it('are made once for all watchers of the same form', async () => {
    const forms = new Map<string, Buffer>();
    const [a, b, c] = [await encoder(TABLE), await encoder(TABLE), await encoder('application/json')];
    rows = 0;
    const first = a.event({ type: 'ADDED', item: pod, forms });
    expect(b.event({ type: 'ADDED', item: pod, forms })).to.equal(first);
    expect(rows).to.equal(1);
    // the same change as another event, and in another form
    expect(a.event({ type: 'MODIFIED', item: pod, forms })).not.to.equal(first);
    expect(c.event({ type: 'ADDED', item: pod, forms })).not.to.equal(first);
  });
});
