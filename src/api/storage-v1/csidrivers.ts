import { define } from '../definition.js';
import { validateOptionalChoice } from '../meta/checks.js';
import { at, duplicate, type FieldError, invalid, notSupported, required } from '../meta/field-errors.js';
import { semanticEqual, validateImmutable } from '../meta/metadata.js';
import { age } from '../shared/format.js';
import type { CSIDriver } from '../types/storage-v1.gen.js';

const SPEC = at('spec');
const FS_GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType'];
const LIFECYCLE_MODES = ['Persistent', 'Ephemeral'];
const SECRETS_ADVICE =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';

export default define<CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'csidrivers',
  ownMetadataChecks: { whole: false },
  returnDeletedObject: true,
  unconditionalUpdate: false,
  defaults: ({ spec }) => {
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  prepare: ({ spec }, old) => {
    // limits of volumes for the scheduler are alpha upstream
    if (old?.spec.preventPodSchedulingIfMissing === undefined) spec.preventPodSchedulingIfMissing = undefined;
  },
  prepareUpdate: (driver, old) => {
    // counted on changes only: a new driver has none
    if (!semanticEqual(driver.spec, old.spec)) driver.metadata.generation = (old.metadata.generation ?? 0) + 1;
  },
  validate,
  validateUpdate: (driver, old) => [
    ...validate(driver),
    ...validateImmutable(driver.spec.attachRequired, old.spec.attachRequired, SPEC.child('attachedRequired')),
    ...validateImmutable(driver.spec.volumeLifecycleModes, old.spec.volumeLifecycleModes, SPEC.child('volumeLifecycleModes')),
  ],
  warnings: ({ spec }, old) => {
    const changed = !old || !semanticEqual(spec.tokenRequests, old.spec.tokenRequests);
    return changed && spec.tokenRequests?.length && spec.serviceAccountTokenInSecrets === undefined ? [SECRETS_ADVICE] : [];
  },
  row: (driver, { now }) => {
    const { spec } = driver;
    return [
      driver.metadata.name,
      spec.attachRequired ?? true,
      spec.podInfoOnMount ?? false,
      spec.storageCapacity ?? false,
      spec.tokenRequests ? spec.tokenRequests.map(({ audience }) => audience).join(',') : '<unset>',
      spec.requiresRepublish ?? false,
      (spec.volumeLifecycleModes ?? []).join(',') || '<none>',
      age(driver, now),
    ];
  },
});

function validate({ spec }: CSIDriver): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.attachRequired === undefined) errors.push(required(SPEC.child('attachedRequired')));
  for (const field of ['podInfoOnMount', 'storageCapacity', 'seLinuxMount'] as const)
    if (spec[field] === undefined) errors.push(required(SPEC.child(field)));
  errors.push(...validateOptionalChoice(spec.fsGroupPolicy, SPEC.child('fsGroupPolicy'), FS_GROUP_POLICIES));
  errors.push(...validateTokenRequests(spec));
  for (const mode of spec.volumeLifecycleModes ?? [])
    if (!LIFECYCLE_MODES.includes(mode)) errors.push(notSupported(SPEC.child('volumeLifecycleModes'), mode, LIFECYCLE_MODES));
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < 10)
    errors.push(invalid(SPEC.child('nodeAllocatableUpdatePeriodSeconds'), period, 'must be greater than or equal to 10 seconds'));
  const inSecrets = spec.serviceAccountTokenInSecrets;
  if (inSecrets !== undefined && !spec.tokenRequests?.length)
    errors.push(
      invalid(
        SPEC.child('serviceAccountTokenInSecrets'),
        inSecrets,
        'serviceAccountTokenInSecrets is set but no tokenRequests are specified',
      ),
    );
  return errors;
}

function validateTokenRequests({ tokenRequests = [] }: CSIDriver['spec']): FieldError[] {
  const audiences = new Set<string>();
  return tokenRequests.flatMap(({ audience, expirationSeconds: seconds }, i) => {
    const path = SPEC.child('tokenRequests').index(i);
    if (audiences.has(audience)) return [duplicate(path.child('audience'), audience)];
    audiences.add(audience);
    if (seconds === undefined) return [];
    const own = path.child('expirationSeconds');
    if (seconds < 600) return [invalid(own, seconds, 'may not specify a duration less than 10 minutes')];
    return seconds > 2 ** 32 ? [invalid(own, seconds, 'may not specify a duration larger than 2^32 seconds')] : [];
  });
}
