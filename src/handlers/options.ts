// The options of requests: query parameters (and the body of DELETE), checked as apimachinery's validation does.
import { integerOf } from '../util/exact-json.js';
import type { DeleteOptions } from '../api/context.js';
import * as errors from '../api/meta/errors.js';
import { at, type FieldError, forbidden, notSupported, required } from '../api/meta/field-errors.js';
import { validateFieldManager } from '../api/meta/metadata.js';
import { validateDeleteOptions, validateDryRun } from '../api/shared/delete-options.js';
import type { ListQuery } from '../registry/list.js';
import { checkFields, parseFieldSelector, parseLabelSelector, type FieldOwner } from '../api/meta/selectors.js';
import type { ApiRequest } from './request.js';

/** What becomes of fields that the schema does not know, or that come twice: ignored, warned about, refused. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** What the query of a write asks for. */
export interface WriteQuery {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Only for apply. */
  readonly force: boolean;
}

/** Managers named after a user agent are cut to this length. */
const MANAGER_LENGTH = 128;

/**
 * @param kind CreateOptions, UpdateOptions or PatchOptions: named in errors
 * @param apply the request is a server-side apply
 * @throws ApiError Invalid
 */
export function writeQuery(request: ApiRequest, kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions', apply = false): WriteQuery {
  const q = request.info.query;
  const manager = q.get('fieldManager') ?? '';
  const validation = q.get('fieldValidation') ?? '';
  const force = flag(q, 'force');
  const wrong: FieldError[] = [];
  if (kind === 'PatchOptions') {
    if (apply && manager === '') wrong.push(required('fieldManager', 'is required for apply patch'));
    if (!apply && q.has('force')) wrong.push(forbidden('force', 'may not be specified for non-apply patch'));
  }
  wrong.push(...validateFieldManager(manager, at('fieldManager')), ...validateDryRun(q.getAll('dryRun')));
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(validation))
    wrong.push(notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']));
  if (wrong.length) throw errors.invalid({ group: 'meta.k8s.io', kind }, '', wrong);
  return {
    dryRun: q.has('dryRun'),
    fieldManager: manager || managerOf(request.headers['user-agent'] ?? ''),
    fieldValidation: (validation || 'Warn') as FieldValidation,
    force,
  };
}

/** The field manager a user agent stands for: what precedes its first '/', printable characters only. */
function managerOf(userAgent: string): string {
  const name = (userAgent.split('/')[0] ?? '').replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '');
  return Buffer.byteLength(name) <= MANAGER_LENGTH
    ? name
    : Buffer.from(name)
        .subarray(0, MANAGER_LENGTH)
        .toString()
        .replace(/\ufffd+$/, '');
}

/** @throws ApiError Invalid or BadRequest */
export function deleteOptions(request: ApiRequest, body: DeleteOptions | undefined): DeleteOptions & { dryRunAll: boolean } {
  const options = body ?? deleteQuery(request.info.query);
  const wrong = validateDeleteOptions(options);
  if (wrong.length) throw errors.invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', wrong);
  return { ...options, dryRunAll: (options.dryRun ?? []).length > 0 };
}

function deleteQuery(q: URLSearchParams): DeleteOptions {
  const grace = q.get('gracePeriodSeconds');
  const policy = q.get('propagationPolicy');
  return {
    ...(grace !== null && { gracePeriodSeconds: int64(grace) }),
    ...(policy !== null && { propagationPolicy: policy as NonNullable<DeleteOptions['propagationPolicy']> }),
    ...(q.has('orphanDependents') && { orphanDependents: flag(q, 'orphanDependents') }),
    dryRun: q.getAll('dryRun'),
  };
}

/**
 * The query of a list or watch.
 * @throws ApiError BadRequest, Invalid
 */
export function listQuery(
  request: ApiRequest,
  owner: FieldOwner,
  watch: boolean,
): ListQuery & { timeoutSeconds: number | undefined; bookmarks: boolean; sendInitialEvents: boolean | undefined } {
  const { query: q, namespace, name } = request.info;
  const limit = q.get('limit');
  const timeout = q.get('timeoutSeconds');
  const fields = parseFieldSelector(named(q.get('fieldSelector') ?? '', name));
  checkFields(fields, owner);
  const result = {
    namespace,
    labels: parseLabelSelector(q.get('labelSelector') ?? ''),
    fields,
    resourceVersion: q.get('resourceVersion') ?? '',
    match: (q.get('resourceVersionMatch') ?? '') as ListQuery['match'],
    limit: limit === null ? 0 : Math.max(integer(limit), 0),
    continue: q.get('continue') ?? '',
    timeoutSeconds: timeout === null ? undefined : integer(timeout),
    bookmarks: flag(q, 'allowWatchBookmarks'),
    sendInitialEvents: q.has('sendInitialEvents') ? flag(q, 'sendInitialEvents') : undefined,
  };
  const wrong = watch ? validateWatch(result) : validateList(result);
  if (wrong.length) throw errors.invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', wrong);
  return result;
}

/** The deprecated /watch/…/NAME paths select by name. */
function named(selector: string, name: string): string {
  if (name === '' || /(^|,)metadata\.name=/.test(selector)) return selector;
  return selector === '' ? `metadata.name=${name}` : `${selector},metadata.name=${name}`;
}

type Checked = Pick<ListQuery, 'match' | 'resourceVersion' | 'continue'> & { sendInitialEvents: boolean | undefined };

function validateList(q: Checked): FieldError[] {
  const wrong: FieldError[] = [];
  const field = 'resourceVersionMatch';
  if (q.match !== '') {
    if (q.resourceVersion === '') wrong.push(forbidden(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
    if (q.continue !== '') wrong.push(forbidden(field, 'resourceVersionMatch is forbidden when continue is provided'));
    if (!['Exact', 'NotOlderThan'].includes(q.match)) wrong.push(notSupported(field, q.match, ['Exact', 'NotOlderThan', '']));
    if (q.match === 'Exact' && q.resourceVersion === '0')
      wrong.push(forbidden(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  if (q.sendInitialEvents !== undefined) wrong.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return wrong;
}

function validateWatch(q: Checked): FieldError[] {
  const wrong: FieldError[] = [];
  const field = 'resourceVersionMatch';
  if (q.sendInitialEvents !== undefined && q.match !== 'NotOlderThan')
    wrong.push(forbidden(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  if (q.match !== '') {
    if (q.sendInitialEvents === undefined)
      wrong.push(forbidden(field, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'));
    if (q.match !== 'NotOlderThan') wrong.push(notSupported(field, q.match, ['NotOlderThan']));
  }
  if (q.continue !== '') wrong.push(forbidden(field, 'resourceVersionMatch is forbidden when continue is provided'));
  return wrong;
}

/** A boolean parameter as apimachinery's conversion reads it: absent, "false" and "0" are false, all else is true. */
export function flag(q: URLSearchParams, name: string): boolean {
  const value = q.get(name);
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}

/** @throws ApiError BadRequest, in the words of strconv.ParseInt */
export function integer(text: string): number {
  if (!/^[-+]?\d+$/.test(text)) throw errors.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (BigInt.asIntN(64, BigInt(text)) !== BigInt(text))
    throw errors.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  return Number(text);
}

/** The same with all of its digits. @returns a bigint where a number would lose some, as util/exact-json.ts has it */
function int64(text: string): number {
  integer(text);
  return integerOf(text) as number;
}
