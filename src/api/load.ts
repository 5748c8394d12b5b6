// Kinds. A folder is a group and version, a file in it a resource with its name: what is special about it, and nothing else
// (definition.ts says what that can be, context.ts what it may use). What kinds share is in meta/ (of every object) and shared/ (of several kinds);
// schema/ reads and normalizes objects by their types, facts.ts gives what is known of the API as data.
import { readdirSync } from 'node:fs';
import type { Definition } from './definition.js';

/** The groups kubemu serves: folders of this directory. A new group is a folder and its name here. */
export const GROUPS = [
  'v1',
  'admissionregistration-v1',
  'apiextensions-v1',
  'apiregistration-v1',
  'apps-v1',
  'authentication-v1',
  'authorization-v1',
  'autoscaling-v1',
  'autoscaling-v2',
  'batch-v1',
  'certificates-v1',
  'coordination-v1',
  'discovery-v1',
  'events-v1',
  'flowcontrol-v1',
  'networking-v1',
  'node-v1',
  'policy-v1',
  'rbac-v1',
  'resource-v1',
  'scheduling-v1',
  'storage-v1',
] as const;

/**
 * Reads the definitions of a group: every file of its folder that has the name of a resource has a default export made by
 * `define`.
 * @throws Error when a file's name is not its resource, or has no definition
 */
export async function loadGroup(group: string): Promise<Definition[]> {
  const directory = new URL(`./${group}/`, import.meta.url);
  const files = readdirSync(directory)
    .filter((f) => /^[a-z]+\.(js|ts)$/.test(f) && !f.endsWith('.d.ts'))
    .sort();
  return Promise.all(
    files.map(async (file) => {
      const definition = ((await import(new URL(file, directory).href)) as { default?: Definition }).default;
      if (definition?.resource !== file.replace(/\.(js|ts)$/, ''))
        throw new Error(`${group}/${file} does not define the resource of its name`);
      return definition;
    }),
  );
}
