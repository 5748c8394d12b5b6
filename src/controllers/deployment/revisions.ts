// The annotations by which a Deployment's ReplicaSets are its history: `kubectl rollout history` and `undo` read them.
import { LAST_APPLIED_ANNOTATION } from '../../api/meta/well-known.js';
import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.gen.js';

export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';

/** These belong to one object only; all others are copied from the Deployment to its ReplicaSets. */
const OWN = new Set([
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  LAST_APPLIED_ANNOTATION,
  'deprecated.deployment.rollback.to',
]);

/** Characters of the history; older revisions fall out at its beginning. */
const HISTORY_LIMIT = 2000;

type Annotations = Readonly<Record<string, string>>;

/** The revision of a set; 0 when it has none or an unreadable one. */
export function revisionOf(set: ReplicaSet): number {
  const text = set.metadata.annotations?.[REVISION] ?? '';
  return /^-?\d+$/.test(text) ? Number(text) : 0;
}

/** The revision of the set that comes after these. */
export function nextRevision(old: readonly ReplicaSet[]): number {
  return old.reduce((max, set) => Math.max(max, revisionOf(set)), 0) + 1;
}

/** A count kept in an annotation; undefined when it is not there or not a count. */
export function numberAnnotation(set: ReplicaSet, name: string): number | undefined {
  const text = set.metadata.annotations?.[name];
  return text !== undefined && /^\d+$/.test(text) && Number(text) <= 0x7fffffff ? Number(text) : undefined;
}

/** The annotations that say how large the Deployment was when the set was scaled. */
export function sizeAnnotations(desired: number, max: number): Annotations {
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(max) };
}

/**
 * The annotations the newest set should have: those of the Deployment, and its revision. A set that is the newest again
 * (after an undo) takes a new revision and keeps the old in its history.
 */
export function newSetAnnotations(deployment: Deployment, set: Pick<ReplicaSet, 'metadata'>, revision: number): Annotations {
  const present = set.metadata.annotations ?? {};
  const old = present[REVISION];
  if (old && !/^-?\d+$/.test(old)) return present;
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !OWN.has(name));
  const annotations: Record<string, string> = { ...present, ...Object.fromEntries(copied) };
  if (Number(old ?? '0') >= revision) return annotations;
  annotations[REVISION] = String(revision);
  if (old !== undefined) {
    const history = withRevision(present[REVISION_HISTORY] ?? '', old);
    if (history !== undefined) annotations[REVISION_HISTORY] = history;
  }
  return annotations;
}

function withRevision(history: string, revision: string): string | undefined {
  if (history === '') return revision;
  const all = [...history.split(','), revision];
  while (all.length > 1 && all.join(',').length > HISTORY_LIMIT) all.shift();
  return all.join(',').length <= HISTORY_LIMIT ? all.join(',') : undefined;
}
