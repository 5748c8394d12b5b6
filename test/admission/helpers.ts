import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdmission } from '../../src/admission/index.js';
import type { StepOptions } from '../../src/admission/step.js';
import type { Admission, AdmissionAttributes } from '../../src/api/admission.js';
import type { AuthorizationAttributes } from '../../src/api/context.js';
import type { Definition, GroupVersionKind } from '../../src/api/definition.js';
import { ApiError } from '../../src/api/meta/errors.js';
import type { KubeObject } from '../../src/api/meta/object.js';
import type { Clock } from '../../src/util/clock.js';
import * as resources from '../../src/api/meta/resources.gen.js';

/** The definition of a resource, as far as steps look at it. */
function definitionOf(group: string, resource: string): Definition {
  const found = Object.values(resources).find((r) => r.group === group && r.resource === resource);
  if (!found) throw new Error(`no resource ${resource}.${group}`);
  return { ...found, storedAs: found } as unknown as Definition;
}

export interface Write {
  /** Default: the core group. */
  readonly group?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly object: object;
  /** Present: an update. */
  readonly old?: object;
  /** What is in the cluster, by resource. */
  readonly world?: Readonly<Record<string, readonly object[]>>;
  /** Names of what the user may do: "verb name". */
  readonly may?: readonly string[];
  readonly enable?: readonly string[];
  /** What plug-ins are told, by their names. */
  readonly configuration?: Readonly<Record<string, object>>;
  /** Instead of one that is made for the write: what it remembers matters. */
  readonly admission?: Admission;
  readonly clock?: Pick<Clock, 'now'>;
  /** Default: jane. */
  readonly username?: string;
  /** Default: ns. */
  readonly namespace?: string;
  readonly dryRun?: boolean;
}

export interface Admitted {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
  /** The cluster afterwards. */
  readonly world: Readonly<Record<string, readonly object[]>>;
}

/** Sends a write through all steps but ServiceAccount. @throws ApiError of the step that refuses */
export async function admit({
  group = '',
  resource,
  subresource = '',
  object,
  old,
  world = {},
  may = [],
  enable = [],
  configuration,
  admission,
  clock = { now: () => Date.parse('2030-01-01T00:00:00Z') },
  username = 'jane',
  namespace = 'ns',
  dryRun = false,
}: Write): Promise<Admitted> {
  const warnings: string[] = [];
  const all: Record<string, readonly object[]> = { namespaces: [{ metadata: { name: 'ns' }, status: {} }], ...world };
  const list = (r: { resource: string }) => (all[r.resource] ?? []) as readonly KubeObject[];
  const reader = { list, get: (r: { resource: string }, _: string, name: string) => list(r).find((o) => o.metadata.name === name) };
  const authorizer = {
    authorize: ({ verb, name }: AuthorizationAttributes) => ({
      decision: may.includes(`${verb} ${name}`) ? 'allow' : 'no-opinion',
      reason: '',
    }),
  };
  const writer = {
    async update(
      _: unknown,
      { resource: r }: { resource: string },
      key: { name: string },
      __: string,
      change: (o: KubeObject) => KubeObject,
    ) {
      const present = list({ resource: r });
      all[r] = present.map((o) => (o.metadata.name === key.name ? change(o) : o));
    },
  };
  const own = {
    async create(r: { resource: string }, made: KubeObject) {
      if (made.metadata.name.startsWith('-')) throw new ApiError({ code: 422, reason: 'Invalid', message: 'no such name' });
      all[r.resource] = [...list(r), { status: {}, ...made }];
    },
  };
  const resourceOf = ({ group: g, version, kind }: GroupVersionKind) =>
    Object.values(resources).find((r) => r.group === g && r.version === version && r.kind === kind);
  const next = structuredClone(object) as KubeObject;
  const attributes = {
    operation: old ? 'UPDATE' : 'CREATE',
    definition: definitionOf(group, resource),
    subresource,
    namespace,
    name: next.metadata.name,
    object: next,
    old,
    options: undefined,
    context: {
      dryRun,
      user: { username, groups: [] },
      services: { reader, authorizer, writer, own, resourceOf, clock, random: Math.random },
      warn: (text: string) => warnings.push(text),
    },
  } as unknown as AdmissionAttributes;
  const steps = admission ?? (await configured(enable, configuration));
  await steps.mutate(attributes);
  await steps.validate(attributes);
  return { object: next, warnings, world: all };
}

/** All steps but ServiceAccount. @param told by the file of --admission-control-config-file */
export async function configured(
  enable: readonly string[],
  told: Write['configuration'],
  stepOptions: StepOptions = {},
): Promise<Admission> {
  const options = { enable, disable: ['ServiceAccount'], ...stepOptions };
  if (!told) return createAdmission(options);
  const directory = await mkdtemp(join(tmpdir(), 'kubemu-test-'));
  const configFile = join(directory, 'config.json');
  const plugins = Object.entries(told).map(([name, configuration]) => ({ name, configuration }));
  await writeFile(configFile, JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration', plugins }));
  try {
    return await createAdmission({ ...options, configFile });
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The message with which a write is refused; "admitted" when it is not. */
export async function refusal(write: Write): Promise<string> {
  return admit(write).then(
    () => 'admitted',
    (error: Error) => error.message,
  );
}
