import type { IncomingHttpHeaders } from 'node:http';
import type { Authorizer } from '../../api/context.js';
import { badRequest, internalError } from '../../api/meta/errors.js';
import type { UserInfo } from '../../api/meta/object.js';
import type { Filter } from '../exchange.js';
import { ImpersonationModes } from '../impersonation.js';
import { attributesOf } from './authorization.js';

const EXTRA_PREFIX = 'impersonate-extra-';

/** Lets a user act as another, where the authorizer allows it (the Impersonate-* headers; KEP-5284). */
export function impersonation(authorizer: Authorizer): Filter {
  const modes = new ImpersonationModes(authorizer);
  return async (exchange) => {
    const { request, response } = exchange;
    const wanted = wantedUser(request.headers, request.rawHeaders);
    if (wanted) {
      if (!exchange.user) throw internalError('no user found for request');
      response.setHeader('X-Content-Type-Options', 'nosniff');
      exchange.user = await modes.impersonate(wanted, attributesOf(exchange.info, exchange.user));
      response.removeHeader('X-Content-Type-Options');
      for (const name of Object.keys(request.headers)) if (name.startsWith('impersonate-')) delete request.headers[name];
    }
  };
}

/**
 * The user named by the headers; undefined when there are none.
 * @param raw names and values in turn: `headers` joins what occurs more than once
 * @throws ApiError BadRequest when groups, a uid or extra fields come without a name
 */
function wantedUser(headers: IncomingHttpHeaders, raw: readonly string[]): UserInfo | undefined {
  if (!Object.keys(headers).some((name) => name.startsWith('impersonate-'))) return undefined;
  let username = '';
  let uid = '';
  const groups: string[] = [];
  // keys come from outside: no names of Object.prototype
  const extra = Object.create(null) as Record<string, string[]>;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]?.toLowerCase() ?? '';
    const value = raw[i + 1] ?? '';
    if (name === 'impersonate-user') username ||= value;
    else if (name === 'impersonate-uid') uid ||= value;
    else if (name === 'impersonate-group') groups.push(value);
    else if (name.startsWith(EXTRA_PREFIX)) (extra[unescape(name.slice(EXTRA_PREFIX.length))] ??= []).push(value);
  }
  const given = Object.keys(extra).length > 0;
  if (username !== '') return { username, ...(uid && { uid }), groups, ...(given && { extra }) };
  if (uid !== '' || groups.length > 0 || given)
    throw badRequest(`requested ${goSyntax(uid, groups, extra)} without impersonating a user name`);
  return undefined;
}

function unescape(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** A user as Go prints its struct: upstream's message shows it so. */
function goSyntax(uid: string, groups: readonly string[], extra: Record<string, string[]>): string {
  const list = (items: readonly string[]) => `[]string{${items.map((i) => JSON.stringify(i)).join(', ')}}`;
  const keys = Object.keys(extra).sort();
  const map =
    keys.length > 0
      ? `map[string][]string{${keys.map((k) => `${JSON.stringify(k)}:${list(extra[k] ?? [])}`).join(', ')}}`
      : 'map[string][]string(nil)';
  return `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, Groups:${groups.length > 0 ? list(groups) : '[]string(nil)'}, Extra:${map}}`;
}
