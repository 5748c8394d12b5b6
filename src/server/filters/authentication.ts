import type { TokenAuthenticator } from '../../api/context.js';
import { unauthorized } from '../../api/meta/errors.js';
import type { UserInfo } from '../../api/meta/object.js';
import { certificateUser } from '../certificate.js';
import type { Exchange, Filter } from '../exchange.js';
import type { ServerRequest } from '../http.js';
import { isHttp2 } from '../http1-rules.js';
import type { Metrics } from '../metrics.js';
import { ANONYMOUS, authenticated, UNAUTHENTICATED_GROUP } from '../user-names.js';

const anonymous: UserInfo = { username: ANONYMOUS, groups: [UNAUTHENTICATED_GROUP] };

const EXTRA_SPACE = 'the provided Authorization header contains extra space before the bearer token, and is ignored';

/** How clients may say who they are. */
export interface AuthenticationOptions {
  readonly tokens: TokenAuthenticator;
  /** Requests without credentials are let in as system:anonymous. */
  readonly anonymousAuth: boolean;
  readonly metrics: Metrics;
}

/**
 * Says who asks: by the connection's client certificate, else by a bearer token, else anonymous where that is allowed.
 * Credentials that are wrong are refused even where anonymous requests are welcome.
 */
export function authentication({ tokens, anonymousAuth, metrics }: AuthenticationOptions): Filter {
  return async (exchange) => {
    const { request } = exchange;
    const found = await authenticate(request, tokens, exchange.warnings);
    const user = found ?? (anonymousAuth ? anonymous : undefined);
    if (!user || user === 'invalid') {
      metrics.authenticated(found === 'invalid' ? 'error' : 'failure');
      closeConnection(exchange);
      throw unauthorized();
    }
    metrics.authenticated('success');
    exchange.user = user;
    // what comes after has no business with the credentials
    delete request.headers.authorization;
    if (user === anonymous) closeConnection(exchange);
  };
}

/** HTTP/2 lends itself to abuse: whoever gives no credentials may not keep the connection (as upstream). */
function closeConnection({ request, response }: Exchange): void {
  if (!isHttp2(request)) return;
  const { session } = request.stream;
  response.once('finish', () => session?.close());
}

/** @returns undefined: no credentials were given */
async function authenticate(
  request: ServerRequest,
  tokens: TokenAuthenticator,
  warnings: string[],
): Promise<UserInfo | 'invalid' | undefined> {
  const certified = certificateUser(request);
  if (certified && certified !== 'invalid') return authenticated(certified);
  const token = bearerToken(request.headers.authorization, warnings);
  if (token === undefined) return certified;
  // whoever finds something wrong with a token says so by an error: it is for reviews, not for whoever sent the token
  const found = await tokens.authenticate(token).catch(() => undefined);
  return found ? authenticated(found.user) : 'invalid';
}

/** "Bearer x", in any case; an empty token is none (upstream's bearertoken.AuthenticateRequest). */
function bearerToken(header: string | undefined, warnings: string[]): string | undefined {
  const [scheme, token, more] = header?.trim().split(' ') ?? [];
  if (scheme?.toLowerCase() !== 'bearer') return undefined;
  if (token === '' && more !== undefined) warnings.push(EXTRA_SPACE);
  return token || undefined;
}
