// What others need to check service account tokens themselves (OpenID Connect Discovery 1.0, RFC 7517).
import { methodNotAllowed } from '../../api/meta/errors.js';
import { checkAccepted } from '../../handlers/negotiation.js';
import type { Handler } from '../../handlers/request.js';
import { sendBody } from '../../handlers/respond.js';
import { ISSUER } from './claims.js';
import type { SigningKey } from './keys.js';

const KEYS_PATH = '/openid/v1/jwks';
const CONFIGURATION_PATH = '/.well-known/openid-configuration';
/** Keys may be remembered for so long. */
const CACHE = 'public, max-age=3600';

/**
 * The handlers of the issuer's two public documents, by their paths.
 * @param serverAddress host and port under which clients outside reach the server
 */
export function issuerDiscovery(key: () => Promise<SigningKey>, serverAddress: () => string): ReadonlyMap<string, Handler> {
  const configuration = () => ({
    issuer: ISSUER,
    jwks_uri: `https://${serverAddress()}${KEYS_PATH}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
  return new Map([
    [CONFIGURATION_PATH, document('application/json', configuration)],
    [KEYS_PATH, document('application/jwk-set+json', async () => ({ keys: [(await key()).toJson()] }))],
  ]);
}

function document(type: string, content: () => object | Promise<object>): Handler {
  return async (request) => {
    if (request.method !== 'GET') throw methodNotAllowed();
    checkAccepted(request, type);
    const body = Buffer.from(JSON.stringify(await content()));
    request.response.setHeader('Cache-Control', CACHE);
    sendBody(request, 200, type, body);
  };
}
