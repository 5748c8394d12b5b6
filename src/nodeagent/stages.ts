// How simulated containers behave, as data: stages/*.json. A stage says of one event in a container's life (an image is
// pulled, it starts, it runs, it is asked to stop, a probe asks) which containers it is about, after what delay it comes true
// and what follows. The first stage in the order of the list that matches counts. docs/simulated-nodes.md explains the
// annotations; a container's own (`kubemu.dev/finish-after.NAME`) comes before the pod's.
import { readdirSync, readFileSync } from 'node:fs';
import type { Pod } from '../api/types/core-v1.gen.js';
import { parseDuration } from '../util/duration.js';
import { packageFile } from '../util/package-files.js';
import type { ContainerKind } from './records.js';
import type { ProbeKind } from './runtime.js';

/** At which turn of a container a stage is asked for. */
export type StageEvent = 'pull' | 'start' | 'run' | 'stop' | 'probe' | 'ready';

/** A value of its own, or that of an annotation. */
export type Value<T> = T | { readonly annotation: string; readonly default: T };

/** What happens to the containers it matches, and when. */
export interface Stage {
  readonly name: string;
  readonly event: StageEvent;
  readonly match: {
    readonly kinds?: readonly ContainerKind[];
    /** Kinds of the pod's controller. */
    readonly owners?: readonly string[];
    /** true: the annotation is there; a text: it has this value. */
    readonly annotations?: Readonly<Record<string, true | string>>;
    /** Only the first so many attempts, when the annotation is there. */
    readonly attemptsBelow?: string;
    /** Only this kind of probe: the value of the annotation names it (or "all"). */
    readonly probe?: { readonly annotation: string };
  };
  readonly delay: { readonly milliseconds: number; readonly annotation?: string };
  readonly next: {
    /** What a probe is told; what a container's readiness becomes. */
    readonly ok?: boolean;
    readonly state?: 'running' | 'exited';
    readonly exitCode?: Value<number>;
    readonly reason?: string;
    readonly message?: Value<string>;
    /** The reason with which a pull or start fails. */
    readonly error?: string;
  };
}

/** What a stage is matched against. */
export interface Subject {
  readonly pod: Pod;
  readonly container: string;
  readonly kind: ContainerKind;
  readonly attempt: number;
  readonly probe?: ProbeKind;
}

const PREFIX = 'kubemu.dev/';

const FOLDER = packageFile('src/nodeagent/stages/');

/** The stages that come with kubemu, in the order of their files' names. */
export function loadStages(): Stage[] {
  const files = readdirSync(FOLDER).filter((f) => f.endsWith('.json'));
  return files.sort().flatMap((file) => JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Stage[]);
}

/** The annotation's value for a container: its own or the pod's. */
export function annotation(subject: Pick<Subject, 'pod' | 'container'>, name: string): string | undefined {
  const all = subject.pod.metadata.annotations;
  return all?.[`${PREFIX}${name}.${subject.container}`] ?? all?.[`${PREFIX}${name}`];
}

/** @returns the stage that says what happens to this container at this event */
export function pickStage(stages: readonly Stage[], event: StageEvent, subject: Subject): Stage | undefined {
  return stages.find((stage) => stage.event === event && matches(stage, subject));
}

function matches({ match }: Stage, subject: Subject): boolean {
  if (match.kinds && !match.kinds.includes(subject.kind)) return false;
  if (match.owners && !subject.pod.metadata.ownerReferences?.some((o) => o.controller && match.owners?.includes(o.kind))) return false;
  for (const [name, wanted] of Object.entries(match.annotations ?? {})) {
    const found = annotation(subject, name);
    if (found === undefined || (wanted !== true && found !== wanted)) return false;
  }
  if (match.attemptsBelow !== undefined) {
    const limit = annotation(subject, match.attemptsBelow);
    if (limit !== undefined && subject.attempt >= Number(limit)) return false;
  }
  if (!match.probe) return true;
  const probe = annotation(subject, match.probe.annotation);
  return probe === 'all' || probe === subject.probe;
}

/** @returns the delay in milliseconds; a duration that cannot be read counts as the stage's own */
export function delayOf({ delay }: Stage, subject: Subject): number {
  const text = delay.annotation === undefined ? undefined : annotation(subject, delay.annotation);
  if (text === undefined) return delay.milliseconds;
  try {
    return Math.max(0, parseDuration(text));
  } catch {
    return delay.milliseconds;
  }
}

/** A text of a stage, taken from the subject where the stage says so. */
export function textOf(value: Value<string> | undefined, subject: Subject): string | undefined {
  if (typeof value !== 'object') return value;
  return annotation(subject, value.annotation) || value.default;
}

/** A number of a stage, likewise; 0 where there is none. */
export function numberOf(value: Value<number> | undefined, subject: Subject): number {
  if (typeof value !== 'object') return value ?? 0;
  const text = annotation(subject, value.annotation);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : value.default;
}
