import { expect } from 'chai';
import { BUILT_IN, define, type Definition } from '../../src/api/definition.js';
import { isApiError } from '../../src/api/meta/errors.js';
import {
  bodyEncoding,
  endpointOf,
  type Negotiated,
  negotiate,
  negotiateStatus,
  negotiateWatch,
  patchKind,
  PLAIN,
} from '../../src/handlers/negotiation.js';
import type { ApiRequest } from '../../src/handlers/request.js';

const configMaps = define({ group: '', version: 'v1', resource: 'configmaps' });
const custom: Definition = {
  ...configMaps,
  group: 'example.com',
  kind: 'Widget',
  serving: { ...BUILT_IN, routes: false, protobuf: false, strategicMerge: false },
};
const one = endpointOf(configMaps, false);
const many = endpointOf(configMaps, true);
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

function request(headers: Record<string, string>, query = ''): ApiRequest {
  return { headers, info: { query: new URLSearchParams(query) }, warnings: [] } as unknown as ApiRequest;
}
function accept(header: string, endpoint = one, query = ''): Negotiated {
  return negotiate(request({ accept: header }, query), endpoint);
}
function refusal(f: () => unknown): { code: number; message: string; details?: unknown } {
  try {
    f();
  } catch (e) {
    if (isApiError(e)) return { code: e.code, message: e.message, ...(e.status.details && { details: e.status.details }) };
    throw e;
  }
  throw new Error('nothing was refused');
}

const THREE = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

describe('negotiation of answers', () => {
  it('gives JSON to clients that do not mind', () => {
    for (const header of [
      '',
      '*/*',
      'application/json',
      'text/html, */*;q=0.8',
      'application/json;stream=watch',
      'application/json;sv=v1',
      'application/json;q=0',
    ])
      expect(accept(header), header).to.include({ encoding: 'json', contentType: 'application/json', form: 'object', pretty: false });
  });

  it('takes the clause a client likes best', () => {
    expect(accept('application/yaml')).to.include({ encoding: 'yaml', contentType: 'application/yaml' });
    expect(accept('application/json;q=0.5, application/yaml;q=0.9').encoding).to.equal('yaml');
    expect(accept('application/vnd.kubernetes.protobuf,application/json').encoding).to.equal('protobuf');
    expect(accept(`${TABLE},application/json`).form).to.equal('table');
    expect(accept('application/cbor,application/yaml').encoding).to.equal('yaml');
    // upstream's sort puts a wildcard behind a type, whatever their q
    expect(accept('*/*;q=0.8, application/yaml;q=0.5').encoding).to.equal('yaml');
    expect(accept('application/yaml;q=0.5, */*;q=0.8').encoding).to.equal('json');
  });

  it('knows the forms of meta.k8s.io', () => {
    expect(accept(TABLE)).to.include({ form: 'table', formVersion: 'v1', includeObject: 'Metadata' });
    expect(accept('application/json;as=Table;v=v1beta1;g=meta.k8s.io')).to.include({ form: 'table', formVersion: 'v1beta1' });
    expect(accept('application/yaml;as=Table;v=v1;g=meta.k8s.io')).to.include({ form: 'table', encoding: 'yaml' });
    expect(accept('application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io')).to.include({ form: 'metadata', asList: false });
    expect(accept('application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io', many)).to.include({ form: 'metadata', asList: true });
    expect(accept(TABLE, many, 'includeObject=None').includeObject).to.equal('None');
    expect(refusal(() => accept(TABLE, many, 'includeObject=Everything'))).to.deep.equal({
      code: 400,
      message: `Unable to convert to Table as requested: includeObject: Invalid value: "Everything": must be 'Metadata', 'Object', 'None', or empty`,
    });
    expect(accept('application/json', many, 'includeObject=Everything').form).to.equal('object');
  });

  it('refuses a type the path does not have, naming all it has', () => {
    const message = `406: Not Acceptable\n\nAvailable representations: ${THREE}`;
    for (const header of ['application/cbor', 'text/plain', 'application/*'])
      expect(
        refusal(() => accept(header)),
        header,
      ).to.deep.equal({ code: 406, message, details: {} });
    expect(refusal(() => accept('text/plain', many)).message).to.equal(
      `${message}, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch`,
    );
  });

  it('refuses parameters that are not served', () => {
    const expected = { code: 406, message: `only the following media types are accepted: ${THREE}` };
    for (const header of [
      'application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io',
      'application/json;as=Table;v=v2;g=meta.k8s.io',
      'application/json;as=Table',
      'application/json;sv=v2',
      'application/yaml;stream=watch',
    ])
      expect(
        refusal(() => accept(header)),
        header,
      ).to.deep.equal(expected);
    expect(refusal(() => accept(TABLE, PLAIN))).to.deep.equal(expected);
    const reviews = define({ group: 'authentication.k8s.io', version: 'v1', resource: 'selfsubjectreviews' });
    expect(refusal(() => accept(TABLE, endpointOf(reviews, false)))).to.deep.equal(expected);
  });

  it('offers custom resources no protobuf, but their metadata', () => {
    const endpoint = endpointOf(custom, true);
    expect(accept('application/vnd.kubernetes.protobuf,application/json', endpoint).encoding).to.equal('json');
    expect(accept('application/*', endpoint).encoding).to.equal('json');
    expect(accept('application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io', endpoint).encoding).to.equal(
      'protobuf',
    );
    expect(refusal(() => accept('application/vnd.kubernetes.protobuf', endpoint)).message).to.equal(
      `only the following media types are accepted: ${THREE}`,
    );
    expect(refusal(() => accept('text/plain', endpoint)).message).to.equal(`only the following media types are accepted: ${THREE}`);
  });

  it('indents JSON for people', () => {
    const pretty = (headers: Record<string, string>, query = '') => negotiate(request(headers, query), one).pretty;
    expect(pretty({}, 'pretty=true')).to.equal(true);
    expect(pretty({}, 'pretty=1')).to.equal(true);
    expect(pretty({ accept: 'application/json;pretty=1' })).to.equal(true);
    expect(pretty({ 'user-agent': 'curl/8.0' })).to.equal(true);
    expect(pretty({ 'user-agent': 'Mozilla/5.0 (X11)' })).to.equal(true);
    expect(pretty({ 'user-agent': 'curl/8.0' }, 'pretty=false')).to.equal(false);
    expect(pretty({ 'user-agent': 'kubectl/v1.36.0' })).to.equal(false);
    expect(pretty({ accept: 'application/yaml' }, 'pretty=true')).to.equal(false);
  });
});

describe('negotiation of watches', () => {
  const watch = (header: string, endpoint = many) => negotiateWatch(request({ accept: header, 'user-agent': 'curl/8' }), endpoint);

  it('names the stream, never indents', () => {
    for (const header of ['', 'application/json', 'application/json;stream=watch'])
      expect(watch(header), header).to.include({ contentType: 'application/json', pretty: false });
    expect(watch('application/vnd.kubernetes.protobuf').contentType).to.equal('application/vnd.kubernetes.protobuf;stream=watch');
    expect(watch(TABLE).form).to.equal('table');
  });

  it('refuses what cannot be streamed', () => {
    expect(refusal(() => watch('application/yaml')).message).to.equal(
      'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
    );
    expect(refusal(() => watch('application/vnd.kubernetes.protobuf', endpointOf(custom, true))).message).to.equal(
      `only the following media types are accepted: ${THREE}`,
    );
  });
});

describe('the form of a Status', () => {
  it('is what the client accepts, or nothing', () => {
    expect(negotiateStatus(request({ accept: 'application/yaml' }))?.encoding).to.equal('yaml');
    expect(negotiateStatus(request({ accept: 'application/*' }))?.encoding).to.equal('json');
    expect(negotiateStatus(request({ accept: `${TABLE},application/json` }))?.form).to.equal('object');
    expect(negotiateStatus(request({ accept: TABLE }))).to.equal(undefined);
  });
});

describe('bodies of requests', () => {
  const body = (type?: string) => bodyEncoding(request(type === undefined ? {} : { 'content-type': type }));

  it('may be JSON, YAML or protobuf', () => {
    expect(body()).to.equal('json');
    expect(body('application/json; charset=utf-8')).to.equal('json');
    expect(body('Application/JSON;v=1')).to.equal('json');
    expect(body('application/yaml')).to.equal('yaml');
    expect(body('application/vnd.kubernetes.protobuf')).to.equal('protobuf');
    for (const type of ['text/plain', 'garbage', 'application/json;=', 'application/cbor'])
      expect(
        refusal(() => body(type)),
        type,
      ).to.deep.equal({ code: 415, message: `the body of the request was in an unknown format - accepted media types include: ${THREE}` });
  });

  it('of a PATCH say what kind of patch they are', () => {
    const patch = (type: string, definition = configMaps as Definition) => patchKind(request({ 'content-type': type }), definition);
    expect(patch('application/json-patch+json')).to.equal('json');
    expect(patch('application/merge-patch+json; charset=utf-8')).to.equal('merge');
    expect(patch('application/strategic-merge-patch+json')).to.equal('strategic');
    expect(patch('application/apply-patch+yaml')).to.equal('apply');
    for (const type of ['', 'application/json', 'toString'])
      expect(
        refusal(() => patch(type)),
        type,
      ).to.deep.equal({ code: 415, message: '415: Unsupported Media Type', details: {} });
    expect(patch('application/merge-patch+json', custom)).to.equal('merge');
    expect(refusal(() => patch('application/strategic-merge-patch+json', custom)).message).to.equal(
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    );
  });
});
