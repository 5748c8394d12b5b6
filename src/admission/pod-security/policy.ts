// Which standard a namespace asks for, and what a pod lacks of it.
import { at, type FieldError, invalid } from '../../api/meta/field-errors.js';
import { CHECKS, type Check } from './checks.js';
import type { Finding, Pod } from './findings.js';

const PREFIX = 'pod-security.kubernetes.io/';
const LEVELS = ['privileged', 'baseline', 'restricted'] as const;
/** The version in which a check last changed: what is newer is the same. */
const LAST = Math.max(...CHECKS.flatMap((check) => check.versions.map((v) => v.since)));

/** From all to little that a pod may do. */
export type Level = (typeof LEVELS)[number];

/** A level as of a version of Kubernetes. */
export interface Standard {
  readonly level: Level;
  /** "latest" or "v1.x" */
  readonly version: string;
}

/** What is enforced, warned about and written into the audit log. */
export interface Policy {
  readonly enforce: Standard;
  readonly audit: Standard;
  readonly warn: Standard;
  /** What is wrong with the labels. A wrong level to enforce counts as the strictest, another as the laxest; a wrong version as the latest. */
  readonly errors: readonly FieldError[];
}

/** The policy that the labels of a namespace ask for. */
export function policyOf(labels: Readonly<Record<string, string>> = {}): Policy {
  const errors: FieldError[] = [];
  const path = at('metadata', 'labels');
  const standard = (mode: 'enforce' | 'audit' | 'warn'): Standard => {
    const level = labels[PREFIX + mode];
    const version = labels[`${PREFIX}${mode}-version`];
    const known = LEVELS.find((l) => l === level);
    if (level !== undefined && !known) errors.push(invalid(path.key(PREFIX + mode), level, `must be one of ${LEVELS.join(', ')}`));
    const good = version === undefined || version === 'latest' || /^v1\.(0|[1-9]\d*)$/.test(version);
    if (!good) errors.push(invalid(path.key(`${PREFIX}${mode}-version`), version, 'must be "latest" or "v1.x"'));
    const fallback: Level = level === undefined || mode !== 'enforce' ? 'privileged' : 'restricted';
    return { level: known ?? fallback, version: good ? (version ?? 'latest') : 'latest' };
  };
  const [enforce, audit, warn] = [standard('enforce'), standard('audit'), standard('warn')];
  // whoever enforces a standard is warned of it too, in controllers whose pods would be refused
  const level = labels[`${PREFIX}enforce`];
  if (labels[`${PREFIX}warn`] !== undefined || level !== enforce.level || level === 'privileged') return { enforce, audit, warn, errors };
  const version = labels[`${PREFIX}warn-version`] === undefined ? enforce.version : warn.version;
  return { enforce, audit, warn: { level: enforce.level, version }, errors };
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
