import { timestamp } from '../../util/clock.js';
import type { Context } from '../context.js';
import { define } from '../definition.js';
import { validateChoice, validateDistinct } from '../meta/checks.js';
import {
  at,
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  tooLong,
} from '../meta/field-errors.js';
import { semanticEqual } from '../meta/metadata.js';
import { isDNS1123Label, isDNS1123Subdomain } from '../meta/names.js';
import { age, humanDuration } from '../shared/format.js';
import { difference } from '../shared/pod/rules.js';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../types/certificates-v1.gen.js';
import { certificateProblem, signingRequestProblem } from '../shared/signing-request.js';

const SPEC = at('spec');
const CONDITIONS = at('status', 'conditions');
const CERTIFICATE = at('status', 'certificate');
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';
/** Conditions that are there or not, but never false. */
const FINAL = ['Approved', 'Denied', 'Failed'];
const DECISIONS = ['Approved', 'Denied'];
const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

export default define<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  resource: 'certificatesigningrequests',
  validateName: () => [],
  selectableFields: ['spec.signerName'],
  fields: ({ spec }) => ({ 'spec.signerName': spec.signerName }),
  prepareCreate: (request, { user }) => {
    const { username, uid, groups, extra } = user;
    const values = Object.entries(extra ?? {}).map(([key, list]): [string, string[]] => [key, [...list]]);
    Object.assign(request.spec, { username, uid, groups: [...groups], extra: values.length > 0 ? Object.fromEntries(values) : undefined });
    request.status = {};
  },
  keeps: ['spec'],
  validate: (request) => validate(request),
  validateUpdate: (request, old) => [...validate(request, old), ...validateChange(request, old, '')],
  subresources: {
    approval: {
      changesStatus: true,
      ownMetadataChecks: { whole: true },
      keeps: ['spec', 'status.certificate'],
      prepare: setTimes,
      validate: (request, old) => [...validate(request, old), ...validateChange(request, old, 'approval')],
    },
    status: {
      unowned: ['status.conditions'],
      ownMetadataChecks: { whole: true },
      prepare: (request, old, context) => {
        for (const type of DECISIONS) keepInstances(request, old, type);
        setTimes(request, old, context);
      },
      validate: (request, old) => [...validate(request, old), ...validateChange(request, old, 'status')],
    },
  },
  row: (request, { now }) => {
    const { metadata, spec } = request;
    const seconds = spec.expirationSeconds;
    return [
      metadata.name,
      age(request, now),
      spec.signerName || '<none>',
      spec.username ?? '',
      seconds === undefined ? '<none>' : humanDuration(seconds * 1000),
      stateOf(request),
    ];
  },
});

function stateOf({ status }: CertificateSigningRequest): string {
  const has = (type: string) => status.conditions?.some((condition) => condition.type === type);
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return [decision, ...(has('Failed') ? ['Failed'] : []), ...(status.certificate ? ['Issued'] : [])].join(',');
}

/** Conditions that a client of `status` sends along as they were, in whatever spelling, are as they were. */
function keepInstances({ status }: CertificateSigningRequest, { status: old }: CertificateSigningRequest, type: string): void {
  const before = (old.conditions ?? []).filter((condition) => condition.type === type);
  const now = (status.conditions ?? []).filter((condition) => condition.type === type);
  if (before.length !== now.length) return;
  let next = 0;
  status.conditions = status.conditions?.map((condition) => (condition.type === type ? (before[next++] ?? condition) : condition));
}

function setTimes({ status }: CertificateSigningRequest, { status: old }: CertificateSigningRequest, { services }: Context): void {
  const now = timestamp(services.clock.now());
  status.conditions = status.conditions?.map((condition) => {
    const same = old.conditions?.find((o) => o.type === condition.type && o.status === condition.status && o.lastTransitionTime);
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? now,
      lastTransitionTime: condition.lastTransitionTime ?? same?.lastTransitionTime ?? now,
    };
  });
}

/** `old`: what is there already may stay. */
function validate(request: CertificateSigningRequest, old?: CertificateSigningRequest): FieldError[] {
  const { spec, status } = request;
  const errors: FieldError[] = [];
  const problem = signingRequestProblem(spec.request ?? '');
  if (problem !== undefined) errors.push(invalid(SPEC.child('request'), spec.request ?? null, problem));
  errors.push(...validateUsages(request, old));
  const signer = SPEC.child('signerName');
  if (spec.signerName === LEGACY_SIGNER && old?.spec.signerName !== LEGACY_SIGNER)
    errors.push(invalid(signer, spec.signerName, 'the legacy signerName is not allowed via this API version'));
  else errors.push(...validateSignerName(spec.signerName, signer));
  const seconds = spec.expirationSeconds;
  if (seconds !== undefined && seconds < 600)
    errors.push(invalid(SPEC.child('expirationSeconds'), seconds, 'may not specify a duration less than 600 seconds (10 minutes)'));
  errors.push(...validateConditions(status.conditions ?? [], old?.status.conditions ?? []));
  if (!status.certificate || status.certificate === old?.status.certificate) return errors;
  const wrong = certificateProblem(status.certificate);
  if (wrong !== undefined && !(old?.status.certificate && certificateProblem(old.status.certificate) !== undefined))
    errors.push(invalid(CERTIFICATE, '<certificate data>', wrong));
  return errors;
}

function validateUsages({ spec }: CertificateSigningRequest, old?: CertificateSigningRequest): FieldError[] {
  const usages: readonly string[] = spec.usages ?? [];
  const before: readonly string[] = old?.spec.usages ?? [];
  const path = SPEC.child('usages');
  const errors: FieldError[] = usages.length === 0 ? [required(path)] : [];
  if (before.every((usage) => USAGES.includes(usage)))
    usages.forEach((usage, i) => USAGES.includes(usage) || errors.push(notSupported(path.index(i), usage, USAGES)));
  return new Set(before).size === before.length ? [...errors, ...validateDistinct(usages, (i) => path.index(i))] : errors;
}

/** A domain of at least two labels, a slash, and a path: example.com/signer. */
function validateSignerName(name: string, path: FieldPath): FieldError[] {
  if (!name) return [required(path)];
  const [domain = '', tail, ...more] = name.split('/');
  if (tail === undefined || more.length > 0)
    return [invalid(path, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  const errors: FieldError[] = domain.length > 253 ? [tooLong(path, 253)] : [];
  const firstBad = (labels: string[], rule: (label: string) => string[], shown: string) => {
    const bad = labels.find((label) => rule(label).length > 0);
    if (bad !== undefined) errors.push(...rule(bad).map((m) => invalid(path, shown, `validating label ${JSON.stringify(bad)}: ${m}`)));
  };
  const labels = domain.split('.');
  firstBad(labels, isDNS1123Label, domain);
  if (labels.length < 2) errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'));
  firstBad(tail.split('.'), isDNS1123Subdomain, tail);
  if (name.length > 571) errors.push(tooLong(path, 571));
  return errors;
}

function validateConditions(
  conditions: readonly CertificateSigningRequestCondition[],
  old: readonly CertificateSigningRequestCondition[],
): FieldError[] {
  const types = conditions.map(({ type }) => type);
  const before = old.map(({ type }) => type);
  const mayBeBoth = DECISIONS.every((type) => before.includes(type));
  return conditions.flatMap(({ type, status }, i) => {
    const path = CONDITIONS.index(i);
    const errors: FieldError[] = [];
    if (!type && !before.includes('')) errors.push(required(path.child('type')));
    const values = FINAL.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    errors.push(...validateChoice(status, path.child('status'), values));
    const other = DECISIONS.find((decision) => DECISIONS.includes(type) && decision !== type);
    if (!mayBeBoth && other !== undefined && types.slice(0, i).includes(other))
      errors.push(invalid(CONDITIONS, type, 'Approved and Denied conditions are mutually exclusive'));
    if (new Set(before).size === before.length && types.indexOf(type) < i) errors.push(duplicate(path.child('type'), type));
    return errors;
  });
}

/** What a request asks for never changes; `approval` brings decisions, `status` a certificate. */
function validateChange(
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  part: '' | 'approval' | 'status',
): FieldError[] {
  const errors: FieldError[] = [];
  const found = ({ status }: CertificateSigningRequest, type: string) =>
    (status.conditions ?? []).filter((condition) => condition.type === type);
  for (const type of FINAL)
    if (found(request, type).length < found(old, type).length)
      errors.push(forbidden(CONDITIONS, `updates may not remove a condition of type ${JSON.stringify(type)}`));
  for (const type of part === 'approval' ? [] : DECISIONS) {
    const [before, now] = [found(old, type), found(request, type)];
    if (now.length > before.length) errors.push(forbidden(CONDITIONS, `updates may not add a condition of type ${JSON.stringify(type)}`));
    else if (now.length === before.length && !semanticEqual(now, before))
      errors.push(
        forbidden(
          CONDITIONS,
          `updates may not modify a condition of type ${JSON.stringify(type)}\n${difference(before, now, '[]certificates.CertificateSigningRequestCondition')}`,
        ),
      );
  }
  const certificate = old.status.certificate ?? '';
  if ((request.status.certificate ?? '') !== certificate) {
    if (part !== 'status') errors.push(forbidden(CERTIFICATE, 'updates may not set certificate content'));
    else if (certificate !== '') errors.push(forbidden(CERTIFICATE, 'updates may not modify existing certificate content'));
  }
  return errors;
}
