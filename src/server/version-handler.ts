import { methodNotAllowed } from '../api/meta/errors.js';
import { checkAccepted, MEDIA_TYPES } from '../handlers/negotiation.js';
import type { Handler } from '../handlers/request.js';
import { sendBody } from '../handlers/respond.js';
import type { VersionInfo } from './version.js';

/** Serves /version: indented JSON for whoever asks, as upstream. */
export function versionHandler(info: VersionInfo): Handler {
  const body = Buffer.from(JSON.stringify(info, undefined, 2));
  return async (request) => {
    if (request.method !== 'GET') throw methodNotAllowed();
    checkAccepted(request, MEDIA_TYPES.json);
    sendBody(request, 200, MEDIA_TYPES.json, body);
  };
}
