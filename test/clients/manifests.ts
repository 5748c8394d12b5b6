import { readFile } from 'node:fs/promises';

/** A file of fixtures/manifests with its namespace `boutique` called `namespace`. */
export async function manifest(name: string, namespace: string): Promise<string> {
  const text = await readFile(new URL(`../../fixtures/manifests/${name}`, import.meta.url), 'utf8');
  return text.replaceAll('boutique', namespace);
}
