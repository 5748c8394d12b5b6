// Which standard a namespace asks for, and what a pod lacks of it.
import { at, type FieldError, invalid } from '../../api/meta/field-errors.js';
import { CHECKS, type Check } from './checks.js';
import type { Finding, Pod } from './findings.js';

const PREFIX = 'pod-security.kubernetes.io/';
const LEVELS = ['privileged', 'baseline', 'restricted'] as const;
/** In the order in which errors are told. */
export const MODES = ['enforce', 'audit', 'warn'] as const;
/** The version in which a check last changed: what is newer is the same. */
const LAST = Math.max(...CHECKS.flatMap((check) => check.versions.map((v) => v.since)));
/** Go keeps the number of a version in 64 bits. */
const TOO_LARGE = 2 ** 63;

/** From all to little that a pod may do. */
export type Level = (typeof LEVELS)[number];

/** A level as of a version of Kubernetes. */
export interface Standard {
  readonly level: Level;
  /** "latest" or "v1.x" */
  readonly version: string;
}

/** What is enforced, warned about and written into the audit log. */
export type Policy = Readonly<Record<(typeof MODES)[number], Standard>>;

/** A value that was read, and what was wrong with its text. */
interface Parsed<T> {
  readonly value: T;
  readonly problem?: string;
}

/** A level; of a wrong text the strictest. */
export function parseLevel(text: string): Parsed<Level> {
  const value = LEVELS.find((level) => level === text);
  return value ? { value } : { value: 'restricted', problem: `must be one of ${LEVELS.join(', ')}` };
}

/** A version; of a wrong text the latest. */
export function parseVersion(text: string): Parsed<string> {
  const minor = /^v1\.(0|[1-9]\d*)$/.exec(text)?.[1];
  if (text === 'latest' || (minor !== undefined && Number(minor) < TOO_LARGE)) return { value: text };
  return { value: 'latest', problem: 'must be "latest" or "v1.x"' };
}

/**
 * The policy that the labels of a namespace ask for.
 * @param defaults for what they do not say
 * @returns also what is wrong with the labels. A wrong level to enforce counts as the strictest, another as the laxest; a wrong version as the latest
 */
export function policyOf(
  labels: Readonly<Record<string, string>> = {},
  defaults: Policy,
): { readonly policy: Policy; readonly errors: readonly FieldError[] } {
  const errors: FieldError[] = [];
  const read = <T>(name: string, fallback: T, parse: (text: string) => Parsed<T>, ofWrong?: T): T => {
    const text = labels[PREFIX + name];
    if (text === undefined) return fallback;
    const { value, problem } = parse(text);
    if (problem === undefined) return value;
    errors.push(invalid(at('metadata', 'labels').key(PREFIX + name), text, problem));
    return ofWrong ?? value;
  };
  const standard = (mode: keyof Policy): Standard => ({
    level: read(mode, defaults[mode].level, parseLevel, mode === 'enforce' ? undefined : 'privileged'),
    version: read(`${mode}-version`, defaults[mode].version, parseVersion),
  });
  const [enforce, audit, warn] = [standard('enforce'), standard('audit'), standard('warn')];
  // whoever enforces a standard is warned of it too, in controllers whose pods would be refused
  const asked = labels[`${PREFIX}warn`] === undefined && labels[`${PREFIX}enforce`] === enforce.level;
  if (!asked || !isStricter(enforce.level, warn.level)) return { policy: { enforce, audit, warn }, errors };
  const version = labels[`${PREFIX}warn-version`] === undefined ? enforce.version : warn.version;
  return { policy: { enforce, audit, warn: { level: enforce.level, version } }, errors };
}

/** Which modes the labels of a namespace say something about. */
export function modesIn(labels: Readonly<Record<string, string>> = {}): readonly (keyof Policy)[] {
  return MODES.filter((mode) => labels[PREFIX + mode] !== undefined || labels[`${PREFIX}${mode}-version`] !== undefined);
}

/** Whether two policies ask for the same: the laxest level is that of every version. */
export function isEquivalent(policy: Policy, other: Policy): boolean {
  return MODES.every((mode) => {
    const [a, b] = [policy[mode], other[mode]];
    return a.level === b.level && (a.level === 'privileged' || a.version === b.version);
  });
}

/** Whether nothing is asked for. */
export function isPrivileged(policy: Policy): boolean {
  return MODES.every((mode) => policy[mode].level === 'privileged');
}

/** Whether `level` asks for more than `other`. */
export function isStricter(level: Level, other: Level): boolean {
  return LEVELS.indexOf(level) > LEVELS.indexOf(other);
}

/** `baseline:v1.36` */
export function shown({ level, version }: Standard): string {
  return `${level}:${version}`;
}

/** Everything a pod does that the standard forbids. */
export function findings({ level, version }: Standard, pod: Pod): readonly Finding[] {
  if (level === 'privileged') return [];
  const minor = version === 'latest' ? LAST : Number(version.slice('v1.'.length));
  const there = CHECKS.filter((check) => (level === 'restricted' || check.level === 'baseline') && ruleOf(check, minor));
  const overridden = new Set(there.map((check) => check.overrides));
  return there.filter((check) => !overridden.has(check.id)).flatMap((check) => ruleOf(check, minor)?.(pod) ?? []);
}

function ruleOf({ versions }: Check, minor: number): Check['versions'][number]['rule'] | undefined {
  return versions.findLast((v) => v.since <= minor)?.rule;
}

/** `reason (detail), reason (detail)` */
export function detailsOf(found: readonly Finding[]): string {
  return found.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');
}
