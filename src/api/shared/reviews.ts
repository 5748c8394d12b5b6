// What the access reviews of authorization.k8s.io share: their rules, and asking the authorizer.
import type { AuthorizationAttributes, Context } from '../context.js';
import { invalid as invalidObject } from '../meta/errors.js';
import { invalids, validateQualifiedName } from '../meta/checks.js';
import { at, type FieldError, type FieldPath, forbidden, invalid, required } from '../meta/field-errors.js';
import { isLabelValue } from '../meta/names.js';
import type { ObjectMeta, UserInfo } from '../meta/object.js';
import { goValue } from './go-value.js';
import { askedSelectors, selectorProblem } from './review-selectors.js';
import type { UserInfo as ReviewedUser } from '../types/authentication-v1.gen.js';
import type {
  NonResourceAttributes,
  ResourceAttributes,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '../types/authorization-v1.gen.js';
import type { FieldSelectorRequirement } from '../types/meta-v1.gen.js';

const SPEC = at('spec');

/** A user as reviews show it. */
export function reviewedUser({ username, uid, groups, extra }: UserInfo): ReviewedUser {
  const copied = Object.entries(extra ?? {}).map(([key, values]): [string, string[]] => [key, [...values]]);
  return {
    username,
    uid,
    groups: [...groups],
    ...(copied.length > 0 && { extra: Object.fromEntries(copied.sort(([a], [b]) => (a < b ? -1 : 1))) }),
  };
}

/** What a SubjectAccessReview of any kind asks about. */
export interface Asked {
  readonly resourceAttributes?: ResourceAttributes | undefined;
  readonly nonResourceAttributes?: NonResourceAttributes | undefined;
}

/** What every review asks of its spec; `subject`: the review names a user or groups. */
export function validateAsked(spec: Asked & Partial<SubjectAccessReviewSpec>, subject: boolean): FieldError[] {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  const errors: FieldError[] = [];
  if (resource && path)
    errors.push(
      invalid(SPEC.child('nonResourceAttributes'), shownPath(path), 'cannot be specified in combination with resourceAttributes'),
    );
  if (!resource && !path)
    errors.push(
      invalid(SPEC.child('resourceAttributes'), null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified'),
    );
  if (subject && !spec.user && !spec.groups?.length)
    errors.push(invalid(SPEC.child('user'), '', 'at least one of user or group must be specified'));
  return resource ? [...errors, ...validateSelectors(resource)] : errors;
}

/** As messages print it. */
export function shownPath({ path = '', verb = '' }: NonResourceAttributes): unknown {
  return goValue({ path, verb });
}

/** Reviews are not stored, so they have no metadata. */
export function validateNoMetadata(metadata: ObjectMeta, { except }: { except?: 'namespace' } = {}): FieldError[] {
  const present = Object.entries(metadata).filter(
    ([key, value]) => value !== undefined && value !== '' && key !== except && key !== 'managedFields',
  );
  if (present.length === 0) return [];
  const { name, generateName, namespace, ...rest } = metadata;
  const shown = { name, generateName, namespace, ...rest };
  return [invalid(at('metadata'), shown, except ? `must be empty except for ${except}` : 'must be empty')];
}

/** @throws ApiError Invalid; reviews have no kind in it, as upstream */
export function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject({ group: 'authorization.k8s.io', kind: '' }, '', errors);
}

function validateSelectors({ fieldSelector, labelSelector }: ResourceAttributes): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, selector, rule] of [
    ['fieldSelector', fieldSelector, validateFieldRequirement],
    ['labelSelector', labelSelector, validateLabelRequirement],
  ] as const) {
    if (!selector) continue;
    const path = SPEC.child('resourceAttributes', name);
    const { rawSelector, requirements = [] } = selector;
    if (rawSelector && requirements.length > 0)
      errors.push(invalid(path.child('rawSelector'), rawSelector, 'may not specified at the same time as requirements'));
    if (!rawSelector && requirements.length === 0)
      errors.push(required(path.child('requirements'), `when ${path.toString()} is specified, requirements or rawSelector is required`));
    requirements.forEach((requirement, i) => errors.push(...rule(requirement, path.child('requirements').index(i))));
  }
  return errors;
}

function validateValues({ operator, values = [] }: FieldSelectorRequirement, path: FieldPath): FieldError[] {
  // operators nobody knows yet are let through, for newer clients
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0)
    return [required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'")];
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0)
    return [forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
  return [];
}

function validateFieldRequirement(requirement: FieldSelectorRequirement, path: FieldPath): FieldError[] {
  return [...(requirement.key ? [] : [required(path.child('key'), 'must be specified')]), ...validateValues(requirement, path)];
}

function validateLabelRequirement(requirement: FieldSelectorRequirement, path: FieldPath): FieldError[] {
  return [
    ...validateValues(requirement, path),
    ...validateQualifiedName(requirement.key, path.child('key')),
    ...(requirement.values ?? []).flatMap((value, i) => invalids(path.child('values').index(i), value, isLabelValue(value))),
  ];
}

/** Asks the authorizer, and says what it answers as the status of a review. */
export async function decide(user: UserInfo, asked: Asked, { services }: Context): Promise<SubjectAccessReviewStatus> {
  const { decision, reason } = await services.authorizer.authorize(attributesOf(user, asked));
  return {
    allowed: decision === 'allow',
    denied: decision === 'deny' || undefined,
    reason: reason || undefined,
    evaluationError: asked.resourceAttributes && selectorProblem(asked.resourceAttributes),
  };
}

function attributesOf(user: UserInfo, { resourceAttributes: asked, nonResourceAttributes: other }: Asked): AuthorizationAttributes {
  const nothing = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  if (!asked) return { user, verb: other?.verb ?? '', ...nothing, path: other?.path ?? '' };
  const { group = '', version, resource = '', subresource = '', namespace = '', name = '', verb = '' } = asked;
  return {
    user,
    verb,
    group,
    version: version || '*',
    resource,
    subresource,
    namespace,
    name,
    ...askedSelectors(asked),
  };
}

/** The user that a review asks about. */
export function subjectOf({ user = '', uid, groups = [], extra }: SubjectAccessReviewSpec): UserInfo {
  return { username: user, ...(uid && { uid }), groups, ...(extra && { extra }) };
}
