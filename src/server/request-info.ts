import { flag } from '../handlers/options.js';
import type { RequestInfo } from '../handlers/request.js';

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Subresources of namespaces; any other segment after a namespace's name is a resource in it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** Requests that may take as long as they like (upstream's BasicLongRunningRequestCheck as kube-apiserver sets it). */
const LONG_RUNNING_VERBS = new Set(['watch', 'proxy']);
const LONG_RUNNING_SUBRESOURCES = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

/**
 * What a request asks for, by the rules of k8s.io/apiserver's RequestInfoFactory.
 * @param target the request target as sent: path and query, maybe with a server before them, as proxies are asked
 */
export function requestInfo(method: string, target: string): RequestInfo {
  const start = target.startsWith('/') ? 0 : (/^https?:\/\/[^/?]*/i.exec(target)?.[0].length ?? 0);
  const mark = target.indexOf('?', start);
  const path = decode(mark < 0 ? target.slice(start) : target.slice(start, mark));
  const query = parseQuery(mark < 0 ? '' : target.slice(mark + 1));
  return resourceRequest(method, path, query) ?? { ...NOTHING, verb: method.toLowerCase(), path, query };
}

/** Watches, logs, exec and the like: no deadline, and counted apart. */
export function isLongRunning(info: RequestInfo): boolean {
  return info.isResource && (LONG_RUNNING_VERBS.has(info.verb) || LONG_RUNNING_SUBRESOURCES.has(info.subresource));
}

const NOTHING = {
  isResource: false,
  group: '',
  version: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  tail: '',
  deprecatedWatch: false,
};

function resourceRequest(method: string, path: string, query: URLSearchParams): RequestInfo | undefined {
  const parts = path.replace(/^\/+|\/+$/g, '').split('/');
  const [prefix = '', ...rest] = parts;
  if (parts.length < 3 || (prefix !== 'api' && prefix !== 'apis')) return undefined;
  const group = prefix === 'api' ? '' : (rest.shift() ?? '');
  if (rest.length < 2) return undefined;
  const version = rest.shift() ?? '';
  let verb = VERBS[method] ?? '';
  const special = rest[0] === 'watch' || rest[0] === 'proxy' ? rest[0] : undefined;
  if (special) {
    if (rest.length < 2) return { ...NOTHING, isResource: true, verb, path, group, version, query, resource: special };
    verb = special;
    rest.shift();
  }
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2] ?? '')) {
    namespace = rest[1] ?? '';
    rest.splice(0, 2);
  }
  const [resource = '', given = ''] = rest;
  // what follows /proxy/pods/x belongs to the pod, not to us
  const subresource = special === 'proxy' ? '' : (rest[2] ?? '');
  const tail = rest.slice(special === 'proxy' ? 2 : 3).join('/');
  let name = given;
  if (name === '' && verb === 'get') {
    verb = flag(query, 'watch') ? 'watch' : 'list';
    name = selectedName(query.get('fieldSelector'));
  }
  if (name === '' && verb === 'delete') verb = 'deletecollection';
  return {
    isResource: true,
    verb,
    path,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    tail,
    query,
    deprecatedWatch: special === 'watch',
  };
}

/** The name that `metadata.name=x` asks for: such a list needs only the rights for that one object. "" when there is none. */
function selectedName(selector: string | null): string {
  if (!selector) return '';
  for (const term of selector.split(/(?<!\\),/)) {
    const name = /^metadata\.name={1,2}((?:[^=!]|\\.)*)$/.exec(term)?.[1]?.replace(/\\([\\,=])/g, '$1');
    if (name !== undefined && name !== '.' && name !== '..' && !/[/%]/.test(name)) return name;
  }
  return '';
}

/** Half an escape. */
export const BAD_ESCAPE = /%(?![0-9A-Fa-f]{2})/;

/** Bytes that are no UTF-8 become U+FFFD, as in what Go writes as JSON. */
function decode(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    const bytes = path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1').toString();
  }
}

/** Go's url.ParseQuery leaves out what it cannot read, and what has a semicolon in it. */
function parseQuery(text: string): URLSearchParams {
  const isBad = (part: string) => part.includes(';') || BAD_ESCAPE.test(part);
  return new URLSearchParams(
    isBad(text)
      ? text
          .split('&')
          .filter((part) => !isBad(part))
          .join('&')
      : text,
  );
}
