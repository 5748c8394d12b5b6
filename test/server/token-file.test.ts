import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { tokenFile } from '../../src/server/token-file.js';
import { silentLogger } from '../../src/util/log.js';
import { UserError } from '../../src/util/user-error.js';

describe('token file', () => {
  let directory: string;
  beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'kubemu-tokens-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  function read(text: string) {
    const path = join(directory, 'tokens.csv');
    writeFileSync(path, text);
    return tokenFile(path, silentLogger);
  }

  it('knows users by their tokens', async () => {
    const tokens = read('t1,jane,1\nt2,bob,2,"dev,ops"\r\n\nt3,"o""neil, x",,one\n');
    expect(await tokens.authenticate('t1')).to.deep.equal({ user: { username: 'jane', uid: '1', groups: [] } });
    expect(await tokens.authenticate('t2')).to.deep.equal({ user: { username: 'bob', uid: '2', groups: ['dev', 'ops'] } });
    expect(await tokens.authenticate('t3')).to.deep.equal({ user: { username: 'o"neil, x', groups: ['one'] } });
    expect(await tokens.authenticate('t4')).to.equal(undefined);
  });

  it('passes over empty tokens and takes the last of equal ones', async () => {
    const tokens = read(',jane,1\nt1,jane,1\nt1,bob,2');
    expect(await tokens.authenticate('')).to.equal(undefined);
    expect((await tokens.authenticate('t1'))?.user.username).to.equal('bob');
  });

  it('names the record that is wrong', () => {
    expect(() => read('t1,jane,1\nt2,bob\n')).to.throw(
      UserError,
      'record 2 must have at least 3 columns (token, user name, user uid), found 2',
    );
    expect(() => read('t1,ja"ne,1\n')).to.throw(UserError, 'record 1: wrong use of quotes');
    expect(() => tokenFile('/nowhere', silentLogger)).to.throw(UserError, '--token-auth-file=/nowhere: cannot be read');
  });
});
