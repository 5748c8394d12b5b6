// Differences that are meant, or that are known and listed in docs/compatibility.md: counted, and not told one by one.
import type { Mismatch } from './report.js';

/** Why a difference is there. */
export interface Explanation {
  /** As docs/compatibility.md puts it. */
  readonly why: string;
  matches(m: Mismatch): boolean;
}

const said = ({ reference }: Mismatch): string => (reference.status >= 400 ? reference.body.toString() : '');

export const explanations: readonly Explanation[] = [
  { why: 'The reference server gives up without an answer (its handler panics)', matches: ({ reference }) => reference.status === 0 },
  {
    why: 'Expressions are not compiled yet',
    matches: (m) => /compilation failed|must evaluate to|expressions? (?:may|must)|\\"expression\\"/.test(said(m)),
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
    why: 'Events come from a cache like everything else: revisions of the future and unreadable ones are refused as everywhere',
    matches: ({ resource, request }) => resource.endsWith('/events') && /resourceVersion=/.test(request.path),
  },
  {
    why: 'Bookmarks have nothing but their revision, where those of the reference show some defaults',
    matches: ({ differences }) =>
      differences.every((d) => /^\.body\.\d+\.object\.(?:spec\.replicas|metadata\.annotations\.deprecated\.daemonset.*)$/.test(d.path)),
  },
  {
    why: 'Component statuses tell of the parts that run in this process',
    matches: ({ resource }) => resource.endsWith('/componentstatuses'),
  },
  {
    why: 'Integers of more than 64 bits are told without their last digits, and some broken YAML is told in other words',
    matches: ({ name, reference }) => reference.status === 400 && (name === 'a large number' || name.startsWith('yaml: ')),
  },
  {
    why: 'A name is generated for every kind, also for those whose names say something',
    matches: ({ resource, name }) => name.startsWith('generateName') && /apiservices|ipaddresses/.test(resource),
  },
];
