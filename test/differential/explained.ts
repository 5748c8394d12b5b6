// Differences that are meant, or that are known and listed in docs/compatibility.md: counted, and not told one by one.
import type { Mismatch } from './report.js';

/** Why a difference is there. */
export interface Explanation {
  /** As docs/compatibility.md puts it. */
  readonly why: string;
  matches(m: Mismatch): boolean;
}

const DEFINITIONS = /\/customresourcedefinitions$/;
/** What controllers within the server write after the client. */
const WRITTEN_LATER = /\.(?:status|metadata\.managedFields|metadata\.resourceVersion)\b/;
const CUSTOM = /^differential\.example\.com\//;
/** What the reference refuses, on one line: YAML breaks long ones. */
const said = ({ reference }: Mismatch): string => (reference.status >= 400 ? reference.body.toString().replace(/\n\s+/g, ' ') : '');
/** Whether all that differs is at such places; the order of fields differs with them. */
const only = ({ differences }: Mismatch, place: RegExp): boolean => differences.every(({ path }) => path === '.order' || place.test(path));

export const explanations: readonly Explanation[] = [
  {
    why: 'The reference server gives up without an answer (its handler panics)',
    matches: ({ reference, request, resource }) =>
      reference.status === 0 && (CUSTOM.test(resource) ? /protobuf\b/ : /strategic/).test(request.headers?.['content-type'] ?? ''),
  },
  {
    why: 'Expressions are not compiled yet',
    matches: (m) =>
      /compilation failed|must evaluate to|expressions? (?:may|must)|\\"expression\\"|optionalOldSelf|[mM]essageExpression|estimated rule cost/.test(
        said(m),
      ),
  },
  {
    why: 'Expressions are not evaluated yet: what breaks the rules of a schema may be its default',
    matches: (m) => DEFINITIONS.test(m.resource) && m.name.includes('.default = ') && said(m).includes('.default: Invalid value'),
  },
  {
    why: 'A map that is given empty is as one that is not there',
    matches: (m) => said(m).includes('dependencies: Forbidden: dependencies is not supported') && m.name.includes('dependencies = {}'),
  },
  {
    why: 'A union in a schema that is neither of its two forms is shown as null',
    matches: (m) => DEFINITIONS.test(m.resource) && /\.items = /.test(m.name) && said(m).includes('must only have a single schema if'),
  },
  {
    why: 'Null in an enumeration is written in protobuf, where the reference writes nothing',
    matches: (m) => DEFINITIONS.test(m.resource) && m.name.endsWith('.enum = [null] in protobuf') && only(m, /\.enum\.0$/),
  },
  {
    why: 'The status of a CustomResourceDefinition is written, and its deletion ends, at a time of its own',
    matches: (m) =>
      DEFINITIONS.test(m.resource) &&
      (said(m).includes('object has been modified') ||
        (m.part === 'lifecycle' && m.reference.status === 200 && (m.kubemu.status === 404 || only(m, WRITTEN_LATER)))),
  },
  {
    why: 'The conditions of a FlowSchema are written by the server at a time of its own',
    matches: (m) => m.resource.endsWith('/flowschemas') && (said(m).includes('object has been modified') || only(m, WRITTEN_LATER)),
  },
  {
    why: 'Nothing tells whether an APIService of another server is available',
    matches: (m) =>
      m.resource.endsWith('/apiservices') &&
      (said(m).includes('object has been modified') ||
        only(m, /\.(?:status|metadata\.managedFields|metadata\.resourceVersion)\b|\.cells\.2$/)),
  },
  {
    why: 'A token that begins with a blank is reviewed as a wrong one, where the reference finds none and reviews a request without',
    matches: ({ resource, name }) => resource.endsWith('/tokenreviews') && name.startsWith('spec.token = " "'),
  },
  {
    why: 'What a refusal quotes of a body has the revision of its server',
    matches: (m) =>
      said(m).includes("Object 'Kind' is missing in") && m.differences.every(({ want, got }) => unversioned(want) === unversioned(got)),
  },
  {
    why: 'Metadata of an applied custom resource that cannot be read are absent, also in versions that are not stored',
    matches: (m) =>
      m.resource === 'differential.example.com/v1beta1/widgets' &&
      /^metadata\.(?:\w+Timestamp|deletionGracePeriodSeconds) = .* by apply$/.test(m.name) &&
      m.reference.status === 500,
  },
  {
    why: 'A status of a custom resource that is written as of another kind keeps its owners',
    matches: (m) => CUSTOM.test(m.resource) && m.part === 'subresource' && m.name.startsWith('kind = ') && only(m, /\.managedFields\b/),
  },
  {
    why: 'A watch that is over before it begins tells nothing, where the reference may say so',
    matches: ({ request }) => request.path.includes('watch=true') && request.path.includes('timeoutSeconds=-1'),
  },
  {
    why: 'Managers of an object are in the order of times that tell seconds',
    matches: ({ part, differences, reference, kubemu }) =>
      part === 'lifecycle' && differences.every((d) => d.path === '.order') && secondsIn(reference) !== secondsIn(kubemu),
  },
  {
    why: 'Component statuses tell of the parts that run in this process',
    matches: ({ resource, reference, kubemu }) => resource === 'v1/componentstatuses' && [reference, kubemu].every((a) => a.status === 200),
  },
  {
    why: 'Amounts of bytes beyond 9.2e15 are not called fractional, which upstream does where its arithmetic overflows',
    matches: ({ name, differences }) =>
      name.includes(`= ${1e20}`) &&
      differences.every(({ path, want }) => path === '.headers.warning' && String(want).includes('fractional byte value')),
  },
  {
    why: 'A name is generated for every kind, also for those whose names say something',
    matches: ({ resource, name }) => name.startsWith('generateName') && /apiservices|ipaddresses/.test(resource),
  },
  {
    why: 'The data of a ControllerRevision and the parameters of a claim are kept as values, not as text: keys that stand twice change nothing',
    matches: ({ resource, name, reference, kubemu }) =>
      kubemu.status === 200 &&
      (resource === 'apps/v1/controllerrevisions'
        ? /^data\b.* twice\b/.test(name) && reference.body.includes('data: Invalid value')
        : /\.opaque\.parameters with \w+ twice\b/.test(name) && reference.body.includes('field is immutable')),
  },
  {
    why: 'A number of more than 64 bits as the whole data of a ControllerRevision is shown as a float64',
    matches: ({ resource, name, kubemu }) =>
      resource === 'apps/v1/controllerrevisions' &&
      name.startsWith('data = 100000000000000000000') &&
      kubemu.body.includes('data: Invalid value: 1e+20: field is immutable'),
  },
  {
    why: 'A certificate that is given empty where there was none is no change of a webhook configuration',
    matches: (m) =>
      m.resource.endsWith('webhookconfigurations') &&
      /clientConfig\.caBundle = (?:""|\[\])/.test(m.name) &&
      only(m, /^\.body\.metadata\.generation$/),
  },
  {
    why: 'A StatefulSet with several claim templates is told what is wrong with their volumes in order, by the reference in any order',
    matches: ({ resource, name, differences }) =>
      resource === 'apps/v1/statefulsets' && name.startsWith('spec.volumeClaimTemplates') && differences.every(onlyNumbersVolumes),
  },
];

function unversioned(text: unknown): string {
  return String(text)
    .replace(/(resourceVersion\W+)\d+/g, '$1')
    .replace(/(uid\W+)[0-9a-f-]{36}/g, '$1');
}

/** How many seconds the managers of an object were at work in. */
function secondsIn({ body }: Mismatch['reference']): number {
  return new Set(body.toString().match(/"time":"[^"]*"/g)).size;
}

const VOLUME = /spec\.template\.spec\.volumes\[\d+\]/g;

function onlyNumbersVolumes({ path, want, got }: Mismatch['differences'][number]): boolean {
  const unnumbered = (value: unknown): string => String(value).replace(VOLUME, 'volume').slice(0, 200);
  return /^\.body\.(?:message|details\.causes\.\d+\.(?:field|message))$/.test(path) && unnumbered(want) === unnumbered(got);
}
