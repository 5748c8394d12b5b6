import { timingSafeEqual } from 'node:crypto';
import type { Reader, TokenAuthenticator } from '../../api/context.js';
import { secrets } from '../../api/meta/resources.gen.js';
import {
  BOOTSTRAP_TOKEN_NAMESPACE,
  BOOTSTRAP_TOKEN_PREFIX,
  bootstrapTokenEnd,
  bootstrapTokenField,
  bootstrapTokenGroups,
  isBootstrapToken,
  parseBootstrapToken,
} from '../../api/shared/bootstrap-token.js';
import type { Clock } from '../../util/clock.js';

/** Knows the tokens of --enable-bootstrap-token-auth: Secrets that say they may be used so. A wrong one is none of its tokens. */
export function bootstrapTokens({ clock, reader }: { readonly clock: Clock; readonly reader: Reader }): TokenAuthenticator {
  return {
    authenticate(token) {
      const parsed = parseBootstrapToken(token);
      const secret = parsed && reader.get(secrets, BOOTSTRAP_TOKEN_NAMESPACE, `${BOOTSTRAP_TOKEN_PREFIX}${parsed.id}`);
      if (!secret || secret.metadata.deletionTimestamp !== undefined || !isBootstrapToken(secret)) return Promise.resolve(undefined);
      const isGood =
        isSame(bootstrapTokenField(secret, 'token-secret'), parsed.secret) &&
        bootstrapTokenField(secret, 'token-id') === parsed.id &&
        bootstrapTokenEnd(secret) > clock.now() &&
        bootstrapTokenField(secret, 'usage-bootstrap-authentication') === 'true';
      const groups = isGood ? bootstrapTokenGroups(secret) : undefined;
      return Promise.resolve(groups && { user: { username: `system:bootstrap:${parsed.id}`, groups }, audiences: [] });
    },
  };
}

function isSame(held: string, shown: string): boolean {
  const [a, b] = [Buffer.from(held), Buffer.from(shown)];
  return a.length === b.length && timingSafeEqual(a, b);
}
