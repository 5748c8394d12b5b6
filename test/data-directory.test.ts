import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { claimDataDirectory, contentsOf } from '../src/data-directory.js';
import { makeAuthority } from '../src/server/certificates.js';
import { UserError } from '../src/util/user-error.js';

describe('a data directory', () => {
  let directory: string;
  beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'kubemu-data-'))));
  afterEach(() => rm(directory, { recursive: true }));

  const put = async (name: string, content: string) => {
    await mkdir(join(directory, name, '..'), { recursive: true });
    await writeFile(join(directory, name), content);
  };
  const refusal = async (of: Promise<unknown>) => {
    const error = await of.catch((e: unknown) => e);
    expect(error).to.be.instanceOf(UserError);
    return (error as UserError).message;
  };

  it('is begun where nothing is, or nothing but what a crash at this moment leaves', async () => {
    const fresh = join(directory, 'a', 'b');
    await claimDataDirectory(fresh);
    expect(await readdir(fresh)).to.deep.equal(['KUBEMU']);
    await put('KUBEMU.77.tmp', '');
    await rm(join(directory, 'a'), { recursive: true });
    await claimDataDirectory(directory);
    expect(await contentsOf(directory)).to.deep.equal({ own: ['KUBEMU.77.tmp', 'KUBEMU'], others: [] });
  });

  it('stays ours whatever is put into it later', async () => {
    await claimDataDirectory(directory);
    await put('notes.txt', '');
    await put('pki/ca.crt', 'nonsense');
    await claimDataDirectory(directory);
    expect(await contentsOf(directory)).to.deep.equal({ own: ['pki', 'KUBEMU'], others: ['notes.txt'] });
  });

  it('made before there were marks is known by its authority, and marked', async () => {
    await put('pki/ca.crt', (await makeAuthority('kubemu', 1)).cert);
    await put('kubeconfig', '');
    expect(await contentsOf(directory)).to.deep.equal({ own: ['kubeconfig', 'pki'], others: [] });
    await claimDataDirectory(directory);
    expect(await readdir(directory)).to.include('KUBEMU');
  });

  const foreign: [what: string, files: Record<string, string>][] = [
    ['anything', { 'notes.txt': 'mine' }],
    ['a mark of some other program', { KUBEMU: '{"dataDirectory":"other","format":1}' }],
    ['a mark that says nothing', { KUBEMU: 'null' }],
    ['keys that are not ours', { 'pki/ca.crt': 'x', 'pki/ca.key': 'y' }],
    ['pods', { 'pods/a': '' }],
  ];
  for (const [what, files] of foreign)
    it(`with ${what} in it is refused and left as it is`, async () => {
      for (const [name, content] of Object.entries(files)) await put(name, content);
      const before = await readdir(directory, { recursive: true });
      expect(await refusal(claimDataDirectory(directory))).to.contain('was not made by kubemu');
      expect(await refusal(contentsOf(directory))).to.equal(`${directory} is not a data directory of kubemu: nothing was removed`);
      expect(await readdir(directory, { recursive: true })).to.deep.equal(before);
    });

  it('with the authority of kubemu beside other things, or beside a store of others, is not known as ours', async () => {
    await put('pki/ca.crt', (await makeAuthority('kubemu', 1)).cert);
    await put('store/notes.txt', '');
    expect(await refusal(claimDataDirectory(directory))).to.contain('was not made by kubemu');
    await rm(join(directory, 'store'), { recursive: true });
    await put('notes.txt', '');
    expect(await refusal(claimDataDirectory(directory))).to.contain('(notes.txt)');
  });

  it('of a later format is refused', async () => {
    await put('KUBEMU', '{"dataDirectory":"kubemu","format":2}');
    expect(await refusal(claimDataDirectory(directory))).to.equal(`${directory} is of format 2, this program knows format 1 only`);
  });
});
