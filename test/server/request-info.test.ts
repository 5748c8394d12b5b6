import { expect } from 'chai';
import { isLongRunning, requestInfo } from '../../src/server/request-info.js';

const NOTHING = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '', tail: '' };

/** Expectations as k8s.io/apiserver's RequestInfoFactory has them. */
const RESOURCES: readonly (readonly [method: string, target: string, verb: string, rest: Partial<typeof NOTHING>])[] = [
  ['GET', '/api/v1/namespaces', 'list', { resource: 'namespaces' }],
  ['GET', '/api/v1/namespaces/other', 'get', { resource: 'namespaces', name: 'other' }],
  ['PUT', '/api/v1/namespaces/other/finalize', 'update', { resource: 'namespaces', name: 'other', subresource: 'finalize' }],
  ['PUT', '/api/v1/namespaces/other/status', 'update', { resource: 'namespaces', name: 'other', subresource: 'status' }],
  ['GET', '/api/v1/namespaces/other/pods', 'list', { resource: 'pods', namespace: 'other' }],
  ['GET', '/api/v1/namespaces/other/pods/foo', 'get', { resource: 'pods', namespace: 'other', name: 'foo' }],
  ['HEAD', '/api/v1/namespaces/other/pods/foo', 'get', { resource: 'pods', namespace: 'other', name: 'foo' }],
  ['GET', '/api/v1/pods', 'list', { resource: 'pods' }],
  ['HEAD', '/api/v1/pods', 'list', { resource: 'pods' }],
  ['GET', '/api/v1/nodes/n', 'get', { resource: 'nodes', name: 'n' }],
  ['POST', '/api/v1/namespaces/other/pods', 'create', { resource: 'pods', namespace: 'other' }],
  [
    'POST',
    '/api/v1/namespaces/other/pods/foo/binding',
    'create',
    { resource: 'pods', namespace: 'other', name: 'foo', subresource: 'binding' },
  ],
  ['PATCH', '/api/v1/namespaces/other/pods/foo', 'patch', { resource: 'pods', namespace: 'other', name: 'foo' }],
  ['DELETE', '/api/v1/namespaces/other/pods/foo', 'delete', { resource: 'pods', namespace: 'other', name: 'foo' }],
  ['DELETE', '/api/v1/namespaces/other/pods', 'deletecollection', { resource: 'pods', namespace: 'other' }],
  [
    'GET',
    '/api/v1/namespaces/other/pods/foo/proxy/a/b',
    'get',
    { resource: 'pods', namespace: 'other', name: 'foo', subresource: 'proxy', tail: 'a/b' },
  ],
  ['GET', '/api/v1/pods?watch=1', 'watch', { resource: 'pods' }],
  ['GET', '/api/v1/pods?watch', 'watch', { resource: 'pods' }],
  ['GET', '/api/v1/pods?watch=0', 'list', { resource: 'pods' }],
  ['GET', '/api/v1/pods?watch=False', 'list', { resource: 'pods' }],
  ['GET', '/api/v1/pods/foo?watch=1', 'get', { resource: 'pods', name: 'foo' }],
  ['GET', '/api/v1/watch/pods', 'watch', { resource: 'pods' }],
  ['GET', '/api/v1/watch/namespaces/other/pods', 'watch', { resource: 'pods', namespace: 'other' }],
  ['GET', '/api/v1/watch/namespaces/other/pods/foo', 'watch', { resource: 'pods', namespace: 'other', name: 'foo' }],
  ['GET', '/api/v1/watch/namespaces/other', 'watch', { resource: 'namespaces', name: 'other' }],
  ['GET', '/api/v1/proxy/namespaces/other/pods/foo/a', 'proxy', { resource: 'pods', namespace: 'other', name: 'foo', tail: 'a' }],
  [
    'GET',
    '/apis/apps/v1/namespaces/other/deployments/foo/scale',
    'get',
    { group: 'apps', resource: 'deployments', namespace: 'other', name: 'foo', subresource: 'scale' },
  ],
  ['GET', '/apis/apps/v1/deployments', 'list', { group: 'apps', resource: 'deployments' }],
  ['OPTIONS', '/api/v1/pods', '', { resource: 'pods' }],
  // a name in the field selector counts as the name, for reads of collections only
  ['GET', '/api/v1/namespaces/other/pods?fieldSelector=metadata.name%3Dfoo', 'list', { resource: 'pods', namespace: 'other', name: 'foo' }],
  [
    'GET',
    '/api/v1/namespaces/other/pods?watch=1&fieldSelector=spec.nodeName%3Dn,metadata.name%3D%3Dfoo',
    'watch',
    { resource: 'pods', namespace: 'other', name: 'foo' },
  ],
  ['GET', '/api/v1/namespaces/other/pods?fieldSelector=metadata.name!%3Dfoo', 'list', { resource: 'pods', namespace: 'other' }],
  ['GET', '/api/v1/namespaces/other/pods?fieldSelector=metadata.name%3Da/b', 'list', { resource: 'pods', namespace: 'other' }],
  [
    'GET',
    '/api/v1/namespaces/other/pods?fieldSelector=metadata.name%3Da\\%2Cb',
    'list',
    { resource: 'pods', namespace: 'other', name: 'a,b' },
  ],
  [
    'DELETE',
    '/api/v1/namespaces/other/pods?fieldSelector=metadata.name%3Dfoo',
    'deletecollection',
    { resource: 'pods', namespace: 'other' },
  ],
  ['GET', '/api/v1/namespaces/other/configmaps/a%3Ab', 'get', { resource: 'configmaps', namespace: 'other', name: 'a:b' }],
];

describe('request info', () => {
  for (const [method, target, verb, rest] of RESOURCES)
    it(`${method} ${target} is ${verb || 'no verb'}`, () => {
      const { query: _, path: __, deprecatedWatch, ...info } = requestInfo(method, target);
      expect(info).to.deep.equal({ ...NOTHING, version: 'v1', isResource: true, verb, ...rest });
      expect(deprecatedWatch).to.equal(target.includes('/watch/'));
    });

  for (const path of [
    '/',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/apps',
    '/apis/apps/v1',
    '/healthz',
    '/readyz/ping',
    '/version',
    '/openapi/v3/apis/apps/v1',
  ])
    it(`${path} is no resource`, () => {
      const { query: _, deprecatedWatch: __, ...info } = requestInfo('GET', `${path}?watch=1`);
      expect(info).to.deep.equal({ ...NOTHING, isResource: false, verb: 'get', path });
    });

  it('keeps the query as sent', () => {
    expect(requestInfo('GET', '/api/v1/pods?labelSelector=a%3Db&limit=5').query.get('labelSelector')).to.equal('a=b');
  });

  it('does not fail on what cannot be decoded', () => {
    expect(requestInfo('GET', '/api/v1/namespaces/%zz/pods').namespace).to.equal('%zz');
    expect(requestInfo('GET', '/api/v1/namespaces/a%20%ff/pods').namespace).to.equal('a \ufffd');
  });

  it('leaves out of the query what Go cannot read', () => {
    expect([...requestInfo('GET', '/api?a=1&b=%zz&c=2;d=3&e=%41').query]).to.deep.equal([
      ['a', '1'],
      ['e', 'A'],
    ]);
  });

  it('knows what may run for long', () => {
    const long = (target: string) => isLongRunning(requestInfo('GET', target));
    expect(
      ['/api/v1/pods?watch=1', '/api/v1/namespaces/a/pods/b/log', '/api/v1/namespaces/a/pods/b/exec', '/api/v1/watch/pods'].filter(
        (t) => !long(t),
      ),
    ).to.deep.equal([]);
    expect(['/api/v1/pods', '/api/v1/namespaces/a/pods/b/status', '/healthz'].filter(long)).to.deep.equal([]);
  });
});
