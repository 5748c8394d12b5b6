// --admission-control-config-file: what plug-ins are told (apiserver/pkg/admission/config.go).
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ANY, listType } from '../../api/schema/types.js';
import { isObject } from '../../util/json.js';
import { UserError } from '../../util/user-error.js';
import { configurationType, ConfigurationDocument, type DocumentType, documentType, STRING } from './document.js';

interface PluginEntry {
  readonly name?: string;
  readonly path?: string;
  readonly configuration?: unknown;
}

const PLUGIN = configurationType('v1.AdmissionPluginConfiguration', { name: STRING, path: STRING, configuration: ANY });
const FILE = {
  kinds: [
    { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration' },
    { apiVersion: 'apiserver.k8s.io/v1alpha1', kind: 'AdmissionConfiguration' },
  ],
  type: documentType('v1.AdmissionConfiguration', { plugins: listType(PLUGIN) }),
  strict: true,
} satisfies DocumentType;

/** Plug-ins whose own configuration may be the whole file, by what is in it then. */
const LEGACY = ['imagePolicy', 'podNodeSelectorPluginConfig'];
const LEGACY_PLUGINS = ['ImagePolicyWebhook', 'PodNodeSelector'];

/** Says what a plug-in is told; undefined: nothing. @throws UserError when that cannot be read */
export type PluginConfigurations = (plugin: string) => Promise<ConfigurationDocument | undefined>;

/**
 * Reads the file. What it refers to is read when it is asked for: a plug-in that is off is told nothing.
 * @param path undefined: no plug-in is told anything
 * @param problemOf why there is no plug-in of a name; undefined: there is. Of several entries of one the first counts, as upstream
 * @throws UserError when the file cannot be read, is something else, or is about a plug-in that is not known
 */
export async function readPluginConfigurations(
  path: string | undefined,
  problemOf: (name: string) => string | undefined,
): Promise<PluginConfigurations> {
  if (path === undefined) return () => Promise.resolve(undefined);
  const origin = `--admission-control-config-file=${path}`;
  const document = ConfigurationDocument.parse(origin, await read(origin, path));
  if (isLegacy(document) && document.kindProblem(FILE.kinds) !== undefined)
    return (plugin) => Promise.resolve(LEGACY_PLUGINS.includes(plugin) ? document : undefined);
  const { plugins = [] } = document.decode<{ readonly plugins?: readonly PluginEntry[] }>(FILE);
  for (const [i, { name = '' }] of plugins.entries()) {
    const problem = problemOf(name);
    if (problem !== undefined) throw document.error(`plugins[${i}].name: ${problem}`);
  }
  return async (plugin) => {
    const i = plugins.findIndex(({ name }) => name === plugin);
    const entry = plugins[i];
    if (entry?.configuration !== undefined && entry.configuration !== null)
      return document.part(`plugins[${i}].configuration`, entry.configuration);
    if (!entry?.path) return undefined;
    const place = `${origin}: plugins[${i}].path=${entry.path}`;
    return ConfigurationDocument.parse(place, await read(place, resolve(dirname(path), entry.path)));
  };
}

/** Files are told from those of old by what they lack. */
function isLegacy({ value }: ConfigurationDocument): boolean {
  return isObject(value) && LEGACY.some((name) => Object.hasOwn(value, name));
}

async function read(origin: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(`${origin}: cannot be read: ${(error as Error).message}`, 'failure', { cause: error });
  }
}
