import { define } from '../definition.js';
import { at, type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '../meta/field-errors.js';
import { age } from '../shared/format.js';
import { goValue } from '../shared/go-value.js';
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../types/flowcontrol-v1.gen.js';
import { mandatorySpec, sameSpec, validateConditions } from './mandatory-specs.js';

const SPEC = at('spec');
const EXEMPT = 'exempt';
const SHARES = 30;
const QUEUING = { handSize: 8, queues: 64, queueLengthLimit: 50 };
const MAX_QUEUES = 10_000_000;
const MAX_HASH_BITS = 60;
const NONE = '<none>';
/** Only for the conversion of an older version, which is not served. */
const ROUNDTRIP_ANNOTATION = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';

export default define<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  resource: 'prioritylevelconfigurations',
  ownMetadataChecks: { change: false },
  generation: true,
  defaults: ({ spec: { exempt, limited } }) => {
    if (exempt) {
      exempt.nominalConcurrencyShares ??= 0;
      exempt.lendablePercent ??= 0;
    }
    if (!limited) return;
    limited.nominalConcurrencyShares ??= SHARES;
    limited.lendablePercent ??= 0;
    const queuing = limited.limitResponse?.queuing;
    if (!queuing) return;
    queuing.handSize ||= QUEUING.handSize;
    queuing.queues ||= QUEUING.queues;
    queuing.queueLengthLimit ||= QUEUING.queueLengthLimit;
  },
  validate,
  subresources: { status: { keeps: ['metadata'], keepsAllMetadata: true, validate: ({ status }) => validateConditions(status) } },
  row: (level, { now }) => {
    const { limited, type } = level.spec;
    const queuing = limited?.limitResponse?.queuing;
    return [
      level.metadata.name,
      type,
      limited ? (limited.nominalConcurrencyShares ?? 0) : NONE,
      queuing?.queues ?? NONE,
      queuing?.handSize ?? NONE,
      queuing?.queueLengthLimit ?? NONE,
      age(level, now),
    ];
  },
});

function validate({ metadata, spec, status }: PriorityLevelConfiguration): FieldError[] {
  const { annotations, name } = metadata;
  const errors: FieldError[] = [];
  if (annotations && ROUNDTRIP_ANNOTATION in annotations)
    errors.push(forbidden(at('metadata', 'annotations'), `annotation '${ROUNDTRIP_ANNOTATION}' is forbidden`));
  return [...errors, ...validateSpec(spec, name), ...validateFixed(spec, name), ...validateConditions(status)];
}

/** The levels every server has stay as they are; of the exempt one the shares may be set. */
function validateFixed(spec: PriorityLevelConfigurationSpec, name: string): FieldError[] {
  const fixed = mandatorySpec<PriorityLevelConfigurationSpec>('prioritylevelconfigurations', name);
  if (!fixed) return [];
  const isExempt = name === EXEMPT;
  if (sameSpec(isExempt ? { ...spec, exempt: fixed.exempt } : spec, fixed)) return [];
  const except = isExempt ? " except the 'spec.exempt' field" : '';
  return [
    invalid(SPEC, goValue(spec, 'flowcontrol.PriorityLevelConfigurationSpec'), `spec of '${name}'${except} must equal the fixed value`),
  ];
}

function validateSpec({ type, exempt, limited }: PriorityLevelConfigurationSpec, name: string): FieldError[] {
  const typePath = SPEC.child('type');
  const errors: FieldError[] = [];
  if ((name === EXEMPT) !== (type === 'Exempt')) errors.push(invalid(typePath, type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  switch (type) {
    case 'Exempt':
      if (limited) errors.push(forbidden(SPEC.child('limited'), 'must be nil if the type is not Limited'));
      return exempt ? [...errors, ...validateShares(exempt, SPEC.child('exempt'))] : errors;
    case 'Limited':
      if (exempt) errors.push(forbidden(SPEC.child('exempt'), 'must be nil if the type is Limited'));
      if (!limited) return [...errors, required(SPEC.child('limited'), 'must not be empty when type is Limited')];
      return [...errors, ...validateLimited(limited)];
    case '':
      return [...errors, required(typePath)];
    default:
      return [...errors, notSupported(typePath, type, ['Exempt', 'Limited'])];
  }
}

function validateLimited(limited: LimitedPriorityLevelConfiguration): FieldError[] {
  const path = SPEC.child('limited');
  const [shares, lendable] = [validateNominal(limited, path), validateLendable(limited, path)];
  const borrowing = limited.borrowingLimitPercent ?? 0;
  const errors = [...shares, ...validateLimitResponse(limited.limitResponse ?? { type: '' }, path.child('limitResponse')), ...lendable];
  if (borrowing < 0) errors.push(invalid(path.child('borrowingLimitPercent'), borrowing, 'if specified, must be a non-negative integer'));
  return errors;
}

type Shares = Pick<LimitedPriorityLevelConfiguration, 'nominalConcurrencyShares' | 'lendablePercent'>;

function validateShares(shares: Shares, path: FieldPath): FieldError[] {
  return [...validateNominal(shares, path), ...validateLendable(shares, path)];
}

function validateNominal({ nominalConcurrencyShares: shares = 0 }: Shares, path: FieldPath): FieldError[] {
  return shares < 0 ? [invalid(path.child('nominalConcurrencyShares'), shares, 'must be a non-negative integer')] : [];
}

function validateLendable({ lendablePercent: percent = 0 }: Shares, path: FieldPath): FieldError[] {
  return percent < 0 || percent > 100 ? [invalid(path.child('lendablePercent'), percent, 'must be between 0 and 100, inclusive')] : [];
}

function validateLimitResponse({ type, queuing }: LimitResponse, path: FieldPath): FieldError[] {
  const queuingPath = path.child('queuing');
  switch (type) {
    case 'Reject':
      return queuing ? [forbidden(queuingPath, 'must be nil if limited.limitResponse.type is not Limited')] : [];
    case 'Queue':
      if (!queuing) return [required(queuingPath, 'must not be empty if limited.limitResponse.type is Limited')];
      return validateQueuing(queuing, queuingPath);
    case '':
      return [required(path.child('type'))];
    default:
      return [notSupported(path.child('type'), type, ['Queue', 'Reject'])];
  }
}

function validateQueuing({ queueLengthLimit = 0, queues = 0, handSize = 0 }: QueuingConfiguration, path: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (queueLengthLimit <= 0) errors.push(invalid(path.child('queueLengthLimit'), queueLengthLimit, 'must be positive'));
  if (queues <= 0) errors.push(invalid(path.child('queues'), queues, 'must be positive'));
  else if (queues > MAX_QUEUES) errors.push(invalid(path.child('queues'), queues, `must not be greater than ${MAX_QUEUES}`));
  const problem = handProblem(handSize, queues);
  if (problem !== undefined) errors.push(invalid(path.child('handSize'), handSize, problem));
  return errors;
}

/** A request's queue is dealt out of a hand of queues; a hash of the flow picks the hand. */
function handProblem(handSize: number, queues: number): string | undefined {
  if (handSize <= 0) return 'must be positive';
  if (handSize > queues) return `should not be greater than queues (${queues})`;
  if (Math.ceil(Math.log2(queues) * handSize) <= MAX_HASH_BITS) return undefined;
  return `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${MAX_HASH_BITS}`;
}
