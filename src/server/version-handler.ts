import { methodNotAllowed } from '../api/meta/errors.js';
import { type Endpoint, MEDIA_TYPES, negotiate } from '../handlers/negotiation.js';
import type { Handler } from '../handlers/request.js';
import { sendBody } from '../handlers/respond.js';
import type { VersionInfo } from './version.js';

const JSON_ONLY: Endpoint = { encodings: ['json'], route: [MEDIA_TYPES.json], forms: [], serverVersion: '' };

/** Serves /version: indented JSON for whoever asks, as upstream. */
export function versionHandler(info: VersionInfo): Handler {
  const body = Buffer.from(JSON.stringify(info, undefined, 2));
  return async (request) => {
    if (request.method !== 'GET') throw methodNotAllowed();
    negotiate(request, JSON_ONLY);
    sendBody(request, 200, 'application/json', body);
  };
}
