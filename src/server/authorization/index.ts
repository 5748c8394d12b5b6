import type { Authorizer, Decision, Reader, Rules } from '../../api/context.js';
import type { AuthorizationMode } from '../../options.js';
import { alwaysAllow, alwaysDeny } from './always.js';
import { masters } from './masters.js';
import { nodeAuthorizer } from './node.js';
import { rbac } from './rbac.js';

/**
 * The authorizer of --authorization-mode: system:masters first, then the modes in the order given.
 * @param reader where roles and bindings are, and what nodes have to do with
 */
export function authorizerFor(modes: readonly AuthorizationMode[], reader: Reader): Authorizer {
  return union([masters, ...modes.map((mode) => byMode(mode, reader))]);
}

function byMode(mode: AuthorizationMode, reader: Reader): Authorizer {
  switch (mode) {
    case 'AlwaysAllow':
      return alwaysAllow;
    case 'AlwaysDeny':
      return alwaysDeny;
    case 'RBAC':
      return rbac(reader);
    case 'Node':
      return nodeAuthorizer(reader);
  }
}

/** Asks one after the other; the first that allows or denies decides. The reasons of those without an opinion add up. */
export function union(authorizers: readonly Authorizer[]): Authorizer {
  return {
    async authorize(attributes): Promise<Decision> {
      const reasons: string[] = [];
      for (const authorizer of authorizers) {
        const asked = authorizer.authorize(attributes);
        // most answer at once: a turn of the event loop for each would be felt
        const answer = asked instanceof Promise ? await asked : asked;
        if (answer.decision !== 'no-opinion') return answer;
        if (answer.reason !== '') reasons.push(answer.reason);
      }
      return { decision: 'no-opinion', reason: reasons.join('\n') };
    },
    async rulesFor(user, namespace): Promise<Rules> {
      // an authorizer that cannot list its rules has no say here, as upstream
      const all: Rules[] = [];
      for (const authorizer of authorizers) if (authorizer.rulesFor) all.push(await authorizer.rulesFor(user, namespace));
      const errors = all.flatMap(({ error }) => error ?? []);
      return {
        resourceRules: all.flatMap((rules) => rules.resourceRules),
        nonResourceRules: all.flatMap((rules) => rules.nonResourceRules),
        incomplete: all.some((rules) => rules.incomplete),
        ...(errors.length > 0 && { error: errors.join(', ') }),
      };
    },
  };
}
