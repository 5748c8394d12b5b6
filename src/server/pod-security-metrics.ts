import type { Family, Count, MetricSet } from './series.js';

/** What was written, as far as these metrics tell. */
interface Subject {
  readonly operation: 'create' | 'update';
  readonly resource: 'pod' | 'controller';
  readonly subresource: string;
}

const SUBJECT = ['request_operation', 'resource', 'subresource'] as const;

/** What PodSecurity decides, under kube-apiserver's names. */
export class PodSecurityMetrics {
  readonly #minor: number;
  readonly #evaluations: Family<Count>;
  readonly #exemptions: Family<Count>;
  readonly #errors: Family<Count>;

  /** @param minor of the version that is served */
  constructor(metrics: MetricSet, minor: number) {
    this.#minor = minor;
    this.#errors = metrics.counter('pod_security_errors_total', 'Labels of namespaces that could not be read when a pod was checked.', [
      'fatal',
      ...SUBJECT,
    ]);
    this.#evaluations = metrics.counter('pod_security_evaluations_total', 'Pods that were checked, by standard and result.', [
      'decision',
      'policy_level',
      'policy_version',
      'mode',
      ...SUBJECT,
    ]);
    this.#exemptions = metrics.counter('pod_security_exemptions_total', 'Pods that were not checked, since they are exempt.', SUBJECT);
    for (const operation of ['create', 'update'] as const) {
      this.#evaluated('allow', 'enforce', { level: 'privileged', version: 'latest' }, { operation, resource: 'pod', subresource: '' });
      for (const resource of ['pod', 'controller'] as const) this.#exemptions.of(labelsOf({ operation, resource, subresource: '' }));
    }
  }

  /** A pod was held against a standard. */
  evaluated(
    decision: 'allow' | 'deny',
    mode: string,
    standard: { readonly level: string; readonly version: string },
    subject: Subject,
  ): void {
    this.#evaluated(decision, mode, standard, subject).value++;
  }

  #evaluated(decision: string, mode: string, { level, version }: { level: string; version: string }, subject: Subject): Count {
    const future = version !== 'latest' && Number(version.slice('v1.'.length)) > this.#minor;
    const shown = level === 'privileged' ? 'latest' : future ? 'future' : version;
    return this.#evaluations.of({ decision, policy_level: level, policy_version: shown, mode, ...labelsOf(subject) });
  }

  /** A request was let pass unchecked. */
  exempted(subject: Subject): void {
    this.#exemptions.of(labelsOf(subject)).value++;
  }

  /** The labels of a namespace were wrong: the strictest standard held. */
  misled(subject: Subject): void {
    this.#errors.of({ fatal: 'false', ...labelsOf(subject) }).value++;
  }
}

function labelsOf({ operation, resource, subresource }: Subject): Record<(typeof SUBJECT)[number], string> {
  return { request_operation: operation, resource, subresource };
}
