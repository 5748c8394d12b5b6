// Users by client certificate: CN is the name, each O a group (upstream's x509.CommonNameUserConversion).
import { createHash } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { UserInfo } from '../api/meta/object.js';
import { systemClock } from '../util/clock.js';
import type { ServerRequest } from './http.js';
import { isHttp2 } from './http1-rules.js';
import { CREDENTIAL_ID } from './user-names.js';

/** The object identifier of a subject's part that holds the user's uid. */
const UID_OID = '1.3.6.1.4.1.57683.2';

interface Certified {
  readonly user: UserInfo | 'invalid' | undefined;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/** A connection's certificate is looked at once, by the object that stands for the connection. */
const seen = new WeakMap<object, Certified>();

/**
 * The user whom the connection's certificate names.
 * @returns undefined: none was shown, or it names nobody; `invalid`: it is expired or no known authority has signed it
 */
export function certificateUser(request: ServerRequest): UserInfo | 'invalid' | undefined {
  const connection = (isHttp2(request) ? request.stream.session : undefined) ?? request.socket;
  let certified = seen.get(connection);
  if (!certified) {
    certified = read(request.socket as TLSSocket);
    seen.set(connection, certified);
  }
  // TLS checked it by the machine's time, once, when the connection was made
  return certified.user && certified.notAfter < systemClock.now() ? 'invalid' : certified.user;
}

function read(socket: TLSSocket): Certified {
  const none: Certified = { user: undefined, notAfter: Number.POSITIVE_INFINITY };
  // requests of a test may come over plain sockets
  const certificate = socket.getPeerCertificate?.();
  if (!certificate?.raw) return none;
  if (!socket.authorized) return { ...none, user: 'invalid' };
  // a part that occurs more than once is a list
  const subject = certificate.subject as unknown as Record<string, string | string[] | undefined>;
  const username = [subject['CN'] ?? []].flat().at(-1);
  if (!username) return none;
  const uid = [subject[UID_OID] ?? []].flat()[0];
  const fingerprint = createHash('sha256').update(certificate.raw).digest('hex');
  const user: UserInfo = {
    username,
    ...(uid && { uid }),
    groups: [subject['O'] ?? []].flat(),
    extra: { [CREDENTIAL_ID]: [`X509SHA256=${fingerprint}`] },
  };
  return { user, notAfter: Date.parse(certificate.valid_to) };
}
