// Constrained impersonation (KEP-5284): a user may act as another in general (verb "impersonate"), or only in one of the
// modes below, which name both whom and for which verbs.
import type { AuthorizationAttributes, Authorizer } from '../api/context.js';
import type { UserInfo } from '../api/meta/object.js';
import { NODE_NAME_EXTRA } from '../api/meta/well-known.js';
import { refusal } from '../api/shared/refusal.js';
import {
  ANONYMOUS,
  AUTHENTICATED_GROUP,
  MASTERS_GROUP,
  NODES_GROUP,
  nodeOf,
  serviceAccountGroups,
  serviceAccountOf,
  UNAUTHENTICATED_GROUP,
} from './user-names.js';
import { LruCache } from '../util/lru.js';

/** From so many groups or extra values on, the right to all of them is asked for first. */
const MANY = 4;
/** Of so many users is remembered which mode they use. */
const REMEMBERED = 10_000;

interface Mode {
  /** The verb it is granted by: impersonate:NAME, and impersonate-on:NAME:VERB; "" is plain `impersonate`. */
  readonly name: string;
  applies(wanted: UserInfo, requester: UserInfo): boolean;
}

/** In the order of trying: the narrowest first. */
const MODES: readonly Mode[] = [
  { name: 'associated-node', applies: (wanted, requester) => onlyName(wanted) && runsOn(requester, nodeOf(wanted.username)) },
  { name: 'arbitrary-node', applies: (wanted) => onlyName(wanted) && nodeOf(wanted.username) !== undefined },
  { name: 'serviceaccount', applies: (wanted) => onlyName(wanted) && serviceAccountOf(wanted.username) !== undefined },
  { name: 'user-info', applies: (wanted) => nodeOf(wanted.username) === undefined && serviceAccountOf(wanted.username) === undefined },
  { name: '', applies: () => true },
];

/** Decides who may act as whom. */
export class ImpersonationModes {
  readonly #authorizer: Authorizer;
  /** The mode that last worked for a user: tried first, so that the usual one costs no more than before there were modes. */
  readonly #last = new LruCache<string, Mode>(REMEMBERED);

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  /**
   * @param request what is to be done in the other's name, with the user who asks
   * @returns the user as whom the request goes on
   * @throws ApiError Forbidden, for the first mode that could have allowed it
   */
  async impersonate(wanted: UserInfo, request: AuthorizationAttributes): Promise<UserInfo> {
    const requester = request.user.username;
    const last = this.#last.get(requester);
    const modes = last ? [last, ...MODES.filter((m) => m !== last)] : MODES;
    let refused: unknown;
    for (const mode of modes) {
      if (!mode.applies(wanted, request.user)) continue;
      try {
        const user = await this.#check(mode, wanted, request);
        this.#last.set(requester, mode);
        return user;
      } catch (error) {
        refused ??= error;
      }
    }
    throw refused;
  }

  async #check(mode: Mode, wanted: UserInfo, request: AuthorizationAttributes): Promise<UserInfo> {
    const constrained = mode.name !== '';
    const requester = mode.name === 'associated-node' ? withoutExtra(request.user) : request.user;
    if (constrained) await this.#demand({ ...request, user: requester, verb: `impersonate-on:${mode.name}:${request.verb}` });
    const identity = new Identity(requester, mode.name);
    const groups = await this.#checkName(identity, wanted, constrained);
    if (wanted.uid) await this.#demand(identity.attributes('uids', wanted.uid));
    await this.#checkGroups(identity, wanted.groups, constrained);
    await this.#checkExtra(identity, wanted.extra ?? {}, constrained);
    return { ...wanted, groups: withGeneralGroup(wanted.username, groups) };
  }

  /** @returns the groups that come with the name */
  async #checkName(identity: Identity, wanted: UserInfo, constrained: boolean): Promise<readonly string[]> {
    const account = serviceAccountOf(wanted.username);
    const node = nodeOf(wanted.username);
    if (account) {
      await this.#demand({ ...identity.attributes('serviceaccounts', account.name), namespace: account.namespace });
      return wanted.groups.length > 0 ? wanted.groups : serviceAccountGroups(account.namespace);
    }
    if (constrained && node !== undefined) {
      // the right is to whatever node the pod runs on, not to this one
      await this.#demand(identity.attributes('nodes', identity.mode === 'associated-node' ? '*' : node));
      return [NODES_GROUP];
    }
    await this.#demand(identity.attributes('users', wanted.username));
    return wanted.groups;
  }

  async #checkGroups(identity: Identity, groups: readonly string[], constrained: boolean): Promise<void> {
    if (constrained && groups.includes(''))
      throw refusal(identity.attributes('groups', ''), 'impersonating the empty string group is not allowed');
    if (constrained && groups.includes(MASTERS_GROUP))
      throw refusal(identity.attributes('groups', MASTERS_GROUP), 'impersonating the system:masters group is not allowed');
    if (constrained && groups.length >= MANY && (await this.#allows(identity.attributes('groups', '*')))) return;
    for (const group of groups) await this.#demand(identity.attributes('groups', group));
  }

  async #checkExtra(identity: Identity, extra: Readonly<Record<string, readonly string[]>>, constrained: boolean): Promise<void> {
    const values = Object.entries(extra).flatMap(([key, list]) => list.map((value) => [key, value] as const));
    const attributes = (key: string, value: string) => ({ ...identity.attributes('userextras', value), subresource: key });
    if (constrained) {
      const wrong = wrongExtra(extra);
      if (wrong !== undefined) throw refusal(attributes('', ''), wrong);
      if (values.length >= MANY && (await this.#allows(attributes('*', '*')))) return;
    }
    for (const [key, value] of values) await this.#demand(attributes(key, value));
  }

  async #allows(attributes: AuthorizationAttributes): Promise<boolean> {
    return (await this.#authorizer.authorize(attributes)).decision === 'allow';
  }

  async #demand(attributes: AuthorizationAttributes): Promise<void> {
    const { decision, reason } = await this.#authorizer.authorize(attributes);
    if (decision !== 'allow') throw refusal(attributes, reason);
  }
}

/** Makes the questions about one requester in one mode. */
class Identity {
  readonly mode: string;
  readonly #user: UserInfo;

  constructor(user: UserInfo, mode: string) {
    this.#user = user;
    this.mode = mode;
  }

  attributes(resource: string, name: string): AuthorizationAttributes {
    // users, groups and service accounts have always been asked for in the core group, without a mode
    const core = this.mode === '' && resource !== 'uids' && resource !== 'userextras';
    return {
      user: this.#user,
      verb: this.mode === '' ? 'impersonate' : `impersonate:${this.mode}`,
      group: core ? '' : 'authentication.k8s.io',
      version: 'v1',
      resource,
      subresource: '',
      namespace: '',
      name,
    };
  }
}

function onlyName(user: UserInfo): boolean {
  return !user.uid && user.groups.length === 0 && !user.extra;
}

function runsOn(requester: UserInfo, node: string | undefined): boolean {
  const nodes = requester.extra?.[NODE_NAME_EXTRA] ?? [];
  return node !== undefined && nodes.length === 1 && nodes[0] === node && serviceAccountOf(requester.username) !== undefined;
}

/** One grant serves a service account on every node, so the authorizer must not see which node this is. */
function withoutExtra(user: UserInfo): UserInfo {
  return { ...user, extra: { 'authentication.kubernetes.io/associated-node-keys': Object.keys(user.extra ?? {}).sort() } };
}

function withGeneralGroup(username: string, groups: readonly string[]): readonly string[] {
  const general = username === ANONYMOUS ? UNAUTHENTICATED_GROUP : AUTHENTICATED_GROUP;
  return groups.includes(general) || groups.includes(UNAUTHENTICATED_GROUP) ? groups : [...groups, general];
}

/** What is wrong with extra fields, by the rules of the modes; undefined: nothing. */
function wrongExtra(extra: Readonly<Record<string, readonly string[]>>): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed';
    if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(key))
      return `impersonating an invalid key in extra is not allowed: extra.key: Invalid value: ${JSON.stringify(key)}: must be a domain-prefixed path (such as "acme.io/foo")`;
    if (values.length === 0) return 'impersonating empty values in extra is not allowed';
    if (values.includes('')) return 'impersonating the empty string value in extra is not allowed';
  }
  return undefined;
}
