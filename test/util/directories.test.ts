import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeDirectory } from '../../src/util/directories.js';

describe('makeDirectory', () => {
  let root: string;
  beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'kubemu-directories-'))));
  afterEach(() => rm(root, { recursive: true, force: true }));

  const failure = (path: string) =>
    makeDirectory(path).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    );

  it('makes what is missing above, once or at the same time', async () => {
    const path = join(root, 'a', 'b', 'c');
    await Promise.all([makeDirectory(path, 0o700), makeDirectory(join(root, 'a', 'b', 'd')), makeDirectory(path)]);
    await makeDirectory(path);
    expect((await stat(path)).isDirectory()).to.equal(true);
  });

  it('fails under a file, and where a file is', async () => {
    await writeFile(join(root, 'file'), '');
    expect(await failure(join(root, 'file'))).to.equal('EEXIST');
    expect(await failure(join(root, 'file', 'below'))).to.equal('ENOTDIR');
  });

  it('ends where nothing can be made in a directory that exists', async function () {
    if (process.platform !== 'linux') this.skip();
    expect(await failure('/proc/kubemu/store')).to.equal('ENOENT');
  });
});
