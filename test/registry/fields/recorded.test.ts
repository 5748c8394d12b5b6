// Replays the writes of the recorded cases about managedFields on the functions alone: from the reference server's object
// before the write, and what the write asked for, to the managedFields it answered.
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import type { Definition } from '../../../src/api/definition.js';
import { KINDS } from '../../../src/api/kinds.gen.js';
import { ApiError } from '../../../src/api/meta/errors.js';
import type { KubeObject } from '../../../src/api/meta/object.js';
import { decode } from '../../../src/api/schema/decode.js';
import { structTypeOf } from '../../../src/api/schema/types.js';
import { applyObject, resetFields, trackUpdate } from '../../../src/registry/fields/index.js';
import { type PatchKind, patchObject, readPatch } from '../../../src/registry/patch/index.js';
import { parseYaml } from '../../../src/util/yaml.js';
import type { Case, Recording, Step } from '../../conformance/recording.js';

const RECORDINGS = new URL('../../../fixtures/recordings/', import.meta.url);
const APPLY = 'application/apply-patch+yaml';
const PATCHES: Readonly<Record<string, PatchKind>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
};
/** What the recorder's client is called where it says no name. */
const CLIENT = 'conformance';
const NOW = Date.parse('2026-01-01T00:00:00Z');
/** Admission and allocation change these after the fields are tracked, so that the answer does not show what was tracked. */
const CHANGED_LATER = ['Pod', 'Service', 'PersistentVolume', 'VolumeAttributesClass'];

interface Answer {
  readonly status: number;
  readonly body?: KubeObject & { readonly message?: string };
}

interface Write {
  readonly method: string;
  readonly path: string;
  readonly subresource: string;
  readonly query: URLSearchParams;
  readonly type: string;
  readonly text: string;
}

function readRecording(file: string): Recording {
  const text = readFileSync(new URL(file, RECORDINGS), 'utf8');
  return JSON.parse(
    text.replaceAll('<time>', '2025-01-01T00:00:00Z').replaceAll('<clusterip>', '10.96.0.9').replaceAll('"<nodeport>"', '30001'),
  ) as Recording;
}

function writeOf({ request }: Step): Write {
  const [path = '', query] = request.path.split('?');
  const subresource = /\/(status|scale|approval|binding|eviction|token|finalize|ephemeralcontainers|resize)$/.exec(path)?.[1] ?? '';
  const body = typeof request.body === 'string' ? request.body : JSON.stringify(request.body ?? '');
  return {
    method: request.method ?? 'GET',
    path: subresource === '' ? path : path.slice(0, -subresource.length - 1),
    subresource,
    query: new URLSearchParams(query),
    type: request.headers?.['content-type'] ?? '',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the recordings
    text: body.replaceAll('${ns}', '<ns>'),
  };
}

function definitionOf({ apiVersion, kind }: KubeObject): Definition | undefined {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  return KINDS.find((d) => d.group === group && d.version === version && d.kind === kind);
}

/** Entries by manager, in any order, with or without a time. */
function comparable(object: KubeObject): unknown[] {
  return (object.metadata.managedFields ?? [])
    .map((m) => JSON.stringify([m.manager, m.operation, m.apiVersion, m.subresource, m.time !== undefined, m.fieldsType, m.fieldsV1]))
    .sort();
}

function replayApply(definition: Definition, live: KubeObject | undefined, { query, subresource, text }: Write): KubeObject {
  const applied = parseYaml(text).value as KubeObject;
  const { apiVersion, kind } = applied;
  const manager = query.get('fieldManager') ?? CLIENT;
  return applyObject({
    type: structTypeOf(definition.schema),
    live,
    applied,
    manager,
    force: query.get('force') === 'true',
    apiVersion,
    kind,
    subresource,
    reset: resetFields(definition, subresource),
    defaults: () => undefined,
    now: NOW,
  });
}

/** The object is the one the server made, since defaults are not at hand; its managers are what the client sent. */
function replayUpdate(
  definition: Definition,
  live: KubeObject | undefined,
  { query, subresource, type: mediaType, text }: Write,
  answer: KubeObject,
): KubeObject {
  const kind = PATCHES[mediaType];
  const type = structTypeOf(definition.schema);
  const sent =
    kind && live ? patchObject(readPatch(kind, text), type, live, 'Ignore').object : decode<KubeObject>(type, parseYaml(text).value).object;
  const { object } = decode<KubeObject>(type, answer);
  object.metadata.managedFields = sent.metadata.managedFields;
  const manager = query.get('fieldManager') ?? CLIENT;
  const reset = resetFields(definition, subresource);
  trackUpdate({ type, object, live, manager, apiVersion: answer.apiVersion, subresource, reset, now: NOW });
  return object;
}

/** Objects by their path; null: the answers have not shown how the object is now. */
type Seen = Map<string, KubeObject | null>;

/** @returns whether the step could be replayed */
function replay(step: Step, seen: Seen): boolean {
  const write = writeOf(step);
  const { status, body } = step.response as Answer;
  const live = write.method === 'POST' ? undefined : seen.get(write.path);
  const readable = write.subresource === '' || write.subresource === 'status';
  if (!['POST', 'PUT', 'PATCH'].includes(write.method) || write.query.has('dryRun') || live === null || !readable || !body) return false;
  if (status === 409 && live && body.message?.startsWith('Apply failed')) {
    const definition = definitionOf(live);
    if (!definition) return false;
    expect(() => replayApply(definition, live, write)).to.throw(ApiError, body.message);
    return true;
  }
  const definition = status < 300 && body.metadata && body.kind !== 'Status' && !step.pick ? definitionOf(body) : undefined;
  const applies = write.type === APPLY;
  if (!definition || (live && live.apiVersion !== body.apiVersion) || (!live && status !== 201)) return false;
  if (write.method === 'POST' && CHANGED_LATER.includes(body.kind)) return false;
  const result = applies ? replayApply(definition, live, write) : replayUpdate(definition, live, write, body);
  expect(comparable(result)).to.deep.equal(comparable(body));
  return true;
}

function remember(step: Step, seen: Seen): void {
  const { method, path, subresource, query } = writeOf(step);
  const { status, body } = step.response as Answer;
  if (query.has('dryRun') || status >= 300 || !body) return;
  const whole =
    body.metadata !== undefined &&
    body.kind !== 'Status' &&
    !step.pick &&
    (subresource === '' || subresource === 'status') &&
    definitionOf(body);
  if (method === 'DELETE') seen.delete(path);
  else if (whole) seen.set(method === 'POST' ? `${path}/${body.metadata.name}` : path, body);
  else if (method !== 'GET') seen.set(path, null);
}

let replayed = 0;

function replayCase(test: Case): void {
  const seen: Seen = new Map();
  test.steps.forEach((step, i) => {
    try {
      if (replay(step, seen)) replayed++;
    } catch (e) {
      throw new Error(`step ${i} ${step.request.method} ${step.request.path}: ${(e as Error).message}`, { cause: e });
    }
    remember(step, seen);
  });
}

describe('managedFields as recorded', () => {
  for (const file of readdirSync(RECORDINGS)) {
    const { area, cases } = readRecording(file);
    for (const test of cases) if (test.managedFields) it(`${area}: ${test.name}`, () => replayCase(test));
  }
  it('are enough cases to mean something', () => expect(replayed).to.be.greaterThan(400));
});
