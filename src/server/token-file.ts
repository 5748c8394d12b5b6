import { readFileSync } from 'node:fs';
import type { TokenAuthenticator } from '../api/context.js';
import type { UserInfo } from '../api/meta/object.js';
import type { Logger } from '../util/log.js';
import { UserError } from '../util/user-error.js';

/**
 * Static tokens from a CSV file: token, user name, user uid, and optionally "group1,group2" (--token-auth-file).
 * @throws UserError when the file cannot be read or a line is wrong
 */
export function tokenFile(path: string, logger: Logger): TokenAuthenticator {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`--token-auth-file=${path}: cannot be read: ${(error as Error).message}`, 'failure', { cause: error });
  }
  const users = new Map<string, UserInfo>();
  for (const [i, record] of parseCsv(text, path).entries()) {
    const [token = '', username = '', uid = '', groups] = record;
    if (record.length < 3)
      throw new UserError(
        `--token-auth-file=${path}: record ${i + 1} must have at least 3 columns (token, user name, user uid), found ${record.length}`,
      );
    if (token === '') logger.error('empty token in token file', { path, record: i + 1 });
    else {
      if (users.has(token)) logger.error('duplicate token in token file', { path, record: i + 1 });
      users.set(token, { username, ...(uid && { uid }), groups: groups === undefined ? [] : groups.split(',') });
    }
  }
  return {
    authenticate: async (token) => {
      const user = users.get(token);
      return user && { user };
    },
  };
}

/** Knows no token. */
export const noTokens: TokenAuthenticator = { authenticate: async () => undefined };

/** Records of comma-separated fields; a quoted field may hold commas, line ends, and quotes written twice (RFC 4180, as Go's encoding/csv). */
function parseCsv(text: string, path: string): string[][] {
  const records: string[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  let record: string[] = [];
  while (field.lastIndex < text.length || record.length > 0) {
    const at = field.lastIndex;
    const match = field.exec(text);
    if (!match) throw new UserError(`--token-auth-file=${path}: record ${records.length + 1}: wrong use of quotes`);
    const [, quoted, plain = '', end] = match;
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    // empty lines are no records
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
    if (field.lastIndex >= text.length || field.lastIndex === at) break;
  }
  return records;
}
