import { existsSync } from 'node:fs';

const root = packageRoot();

/** The sources and what is built of them lie at different depths. */
function packageRoot(): URL {
  let directory = new URL('.', import.meta.url);
  while (!existsSync(new URL('package.json', directory))) directory = new URL('..', directory);
  return directory;
}

/** A file or folder that comes with the package. @param path from the package's root; a folder's ends in a slash */
export function packageFile(path: string): URL {
  return new URL(path, root);
}
