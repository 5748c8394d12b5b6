import { timestamp } from '../../util/clock.js';
import { define } from '../definition.js';
import { invalids, validateChoice, validateDNSSubdomain } from '../meta/checks.js';
import { at, type FieldError, invalid, required } from '../meta/field-errors.js';
import { isDNS1035Label, isPortNumber, nameIsPathSegment } from '../meta/names.js';
import { age } from '../shared/format.js';
import type { APIService, ServiceReference } from '../types/apiregistration-v1.gen.js';

const SPEC = at('spec');
const STATES = ['True', 'False', 'Unknown'];

export default define<APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  resource: 'apiservices',
  shownAs: 'apiregistration.k8s.io/apiservices',
  unconditionalUpdate: false,
  plainFinalizers: true,
  validateName: nameIsPathSegment,
  defaults: ({ spec }) => {
    if (spec.service) spec.service.port ??= 443;
  },
  prepareCreate: (service, { services }) => {
    // what this server serves itself is there
    const local = {
      type: 'Available',
      status: 'True',
      lastTransitionTime: timestamp(services.clock.now()),
      reason: 'Local',
      message: 'Local APIServices are always available',
    };
    service.status = service.spec.service ? {} : { conditions: [local] };
  },
  validate,
  subresources: {
    status: {
      table: 'none',
      unowned: ['metadata'],
      // not all of it, as other kinds do
      prepare: ({ metadata }, { metadata: { labels, annotations, finalizers, ownerReferences } }) =>
        void Object.assign(metadata, { labels, annotations, finalizers, ownerReferences }),
      validate: validateStatus,
    },
  },
  row: (service, { now }) => {
    const { metadata, spec, status } = service;
    const available = status.conditions?.find(({ type }) => type === 'Available');
    const state = available?.status ?? 'Unknown';
    return [
      metadata.name,
      spec.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local',
      state !== 'True' && available?.reason ? `${state} (${available.reason})` : state,
      age(service, now),
    ];
  },
});

function validate({ metadata, spec }: APIService): FieldError[] {
  const {
    group = '',
    version = '',
    groupPriorityMinimum: priority,
    versionPriority,
    service,
    caBundle,
    insecureSkipTLSVerify: insecure,
  } = spec;
  const errors: FieldError[] = [];
  const wanted = `${version}.${group}`;
  for (const field of ['generateName', 'name'] as const) {
    const given = metadata[field];
    if (given && given !== wanted && nameIsPathSegment(given, false).length === 0)
      errors.push(invalid(at('metadata', field), given, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`));
  }
  if (group === '' && version !== 'v1')
    errors.push(required(SPEC.child('group'), 'only v1 may have an empty group and it better be legacy kube'));
  if (group !== '') errors.push(...validateDNSSubdomain(group, SPEC.child('group')));
  errors.push(...invalids(SPEC.child('version'), version, isDNS1035Label(version)));
  if (priority <= 0 || priority > 20000)
    errors.push(invalid(SPEC.child('groupPriorityMinimum'), priority, 'must be positive and less than 20000'));
  if (versionPriority <= 0 || versionPriority > 1000)
    errors.push(invalid(SPEC.child('versionPriority'), versionPriority, 'must be positive and less than 1000'));
  if (service) return [...errors, ...validateService(service), ...validateTrust(insecure, caBundle)];
  const size = Buffer.byteLength(caBundle ?? '', 'base64');
  if (size > 0) errors.push(invalid(SPEC.child('caBundle'), `${size} bytes`, 'local APIServices may not have a caBundle'));
  if (insecure) errors.push(invalid(SPEC.child('insecureSkipTLSVerify'), insecure, 'local APIServices may not have insecureSkipTLSVerify'));
  return errors;
}

function validateService({ namespace, name, port = 0 }: ServiceReference): FieldError[] {
  const path = SPEC.child('service');
  const problems = isPortNumber(port);
  return [
    ...(namespace ? [] : [required(path.child('namespace'))]),
    ...(name ? [] : [required(path.child('name'))]),
    ...(problems.length > 0 ? [invalid(path.child('port'), port, `port is not valid: ${problems.join(', ')}`)] : []),
  ];
}

function validateTrust(insecure: boolean | undefined, caBundle: string | undefined): FieldError[] {
  return insecure && caBundle ? [invalid(SPEC.child('insecureSkipTLSVerify'), insecure, 'may not be true if caBundle is present')] : [];
}

function validateStatus({ status }: APIService): FieldError[] {
  return (status.conditions ?? []).flatMap((condition, i) =>
    validateChoice(condition.status, at('status', 'conditions').index(i).child('status'), STATES, 'unsupported'),
  );
}
