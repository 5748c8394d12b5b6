// Differences that are meant, or that are known and listed in docs/compatibility.md: counted, and not told one by one.
import type { Mismatch } from './report.js';

/** Why a difference is there. */
export interface Explanation {
  /** As docs/compatibility.md puts it. */
  readonly why: string;
  matches(m: Mismatch): boolean;
}

const DEFINITIONS = /\/customresourcedefinitions$/;
const said = ({ reference }: Mismatch): string => (reference.status >= 400 ? reference.body.toString() : '');

export const explanations: readonly Explanation[] = [
  {
    why: 'The reference server gives up without an answer (its handler panics)',
    matches: ({ reference, request }) => reference.status === 0 && String(request.headers?.['content-type']).includes('strategic'),
  },
  {
    why: 'Expressions are not compiled yet',
    matches: (m) =>
      /compilation failed|must evaluate to|expressions? (?:may|must)|\\"expression\\"|optionalOldSelf|[mM]essageExpression/.test(said(m)),
  },
  {
    why: 'Expressions are not evaluated yet: what breaks the rules of a schema may be its default',
    matches: (m) => DEFINITIONS.test(m.resource) && m.name.includes('.default = ') && said(m).includes('.default: Invalid value'),
  },
  {
    why: 'The unions of a schema and what is in it are patched by readers of their own, which use other words',
    matches: ({ resource, request, reference }) =>
      DEFINITIONS.test(resource) &&
      /strategic|apply/.test(request.headers?.['content-type'] ?? '') &&
      request.body?.includes('openAPIV3Schema') === true &&
      reference.status >= 400,
  },
  {
    why: 'CustomResourceDefinitions have no protobuf form',
    matches: (m) => DEFINITIONS.test(m.resource) && String(m.request.headers?.['accept']).includes('protobuf'),
  },
  {
    why: 'A map that is given empty is as one that is not there',
    matches: (m) => said(m).includes('dependencies: Forbidden: dependencies is not supported') && m.name.includes('dependencies = {}'),
  },
  {
    why: 'The status of a CustomResourceDefinition is written at a time of its own',
    matches: (m) =>
      DEFINITIONS.test(m.resource) && (said(m).includes('object has been modified') || m.differences.every((d) => d.path === '.order')),
  },
  {
    why: 'Requests are not queued: nothing sets the conditions of FlowSchemas',
    matches: ({ resource, reference }) => resource.endsWith('/flowschemas') && [200, 201, 409].includes(reference.status),
  },
  {
    why: 'Nothing tells whether an APIService of another server is available',
    matches: ({ resource, reference }) => resource.endsWith('/apiservices') && [200, 201, 409].includes(reference.status),
  },
  {
    why: 'A watch that is over before it begins tells nothing, where the reference may say so',
    matches: ({ request }) => request.path.includes('watch=true') && request.path.includes('timeoutSeconds=-1'),
  },
  {
    why: 'Bookmarks have nothing but their revision, where those of the reference show some defaults',
    matches: ({ differences }) =>
      differences.every((d) => /^\.body\.\d+\.object\.(?:spec\.replicas|metadata\.annotations\.deprecated\.daemonset.*)$/.test(d.path)),
  },
  {
    why: 'Component statuses tell of the parts that run in this process',
    matches: ({ resource, reference, kubemu }) => resource === 'v1/componentstatuses' && [reference, kubemu].every((a) => a.status === 200),
  },
  {
    why: 'A name is generated for every kind, also for those whose names say something',
    matches: ({ resource, name }) => name.startsWith('generateName') && /apiservices|ipaddresses/.test(resource),
  },
  {
    why: 'The data of a ControllerRevision is kept as a value, not as text: keys that stand twice in it change nothing',
    matches: ({ resource, name, reference, kubemu }) =>
      resource === 'apps/v1/controllerrevisions' &&
      /^data\b.* twice\b/.test(name) &&
      reference.body.includes('data: Invalid value') &&
      kubemu.status === 200,
  },
  {
    why: 'A StatefulSet with several claim templates is told what is wrong with their volumes in order, by the reference in any order',
    matches: ({ resource, name, differences }) =>
      resource === 'apps/v1/statefulsets' && name.startsWith('spec.volumeClaimTemplates') && differences.every(onlyNumbersVolumes),
  },
];

const VOLUME = /spec\.template\.spec\.volumes\[\d+\]/g;

function onlyNumbersVolumes({ path, want, got }: Mismatch['differences'][number]): boolean {
  const unnumbered = (value: unknown): string => String(value).replace(VOLUME, 'volume').slice(0, 200);
  return /^\.body\.(?:message|details\.causes\.\d+\.(?:field|message))$/.test(path) && unnumbered(want) === unnumbered(got);
}
