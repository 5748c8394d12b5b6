// The catalogue of API errors: everything a client can be told. Messages equal those of kube-apiserver.
import type { Status, StatusCause, StatusDetails } from '../types/meta-v1.gen.js';
import type { FieldError } from './field-errors.js';
import { qualified } from './object.js';
import { goQuote } from './quote.js';

export type { Status, StatusCause, StatusDetails };

/** An answer other than success. Whoever throws it means it: the server sends `status` as it is. */
export class ApiError extends Error {
  readonly status: Status;
  /** Seconds for the Retry-After header. */
  readonly retryAfter: number | undefined;
  constructor(status: Omit<Status, 'kind' | 'apiVersion' | 'metadata' | 'status'>, options?: { cause?: unknown }) {
    super(status.message ?? '', options);
    this.status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...status };
    this.retryAfter = status.details?.retryAfterSeconds;
  }
  get code(): number {
    return this.status.code ?? 500;
  }
  get reason(): string {
    return this.status.reason ?? '';
  }
}

/** The parts of a resource's identity that errors show. */
export interface Named {
  readonly group: string;
  readonly resource: string;
}

function details(r: Named, name: string): StatusDetails {
  return { ...(name && { name }), ...(r.group && { group: r.group }), ...(r.resource && { kind: r.resource }) };
}

/** 404: there is no such object. */
export function notFound(r: Named, name: string): ApiError {
  return new ApiError({
    code: 404,
    reason: 'NotFound',
    message: `${qualified(r)} ${goQuote(name)} not found`,
    details: details(r, name),
  });
}
/** 409: there is one of this name. */
export function alreadyExists(r: Named, name: string): ApiError {
  return new ApiError({
    code: 409,
    reason: 'AlreadyExists',
    message: `${qualified(r)} ${goQuote(name)} already exists`,
    details: details(r, name),
  });
}
/** generateName found no free name. */
export function generateNameConflict(r: Named, name: string): ApiError {
  return new ApiError({
    code: 409,
    reason: 'AlreadyExists',
    message: `${qualified(r)} ${goQuote(name)} already exists, the server was not able to generate a unique name for the object`,
    details: { ...details(r, name), retryAfterSeconds: 1 },
  });
}
export const OBJECT_MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';
/** 409: the object is not as the client took it to be. */
export function conflict(r: Named, name: string, cause: string): ApiError {
  return new ApiError({
    code: 409,
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${qualified(r)} ${goQuote(name)}: ${cause}`,
    details: details(r, name),
  });
}
/**
 * A precondition that the present object does not meet, in the words of upstream's storage.
 * @param key as messages show it: `/registry/pods/default/p`
 * @param field `UID` or `ResourceVersion`
 */
export function preconditionFailed(r: Named, key: string, field: string, wanted: string, present: string): ApiError {
  const text = `Precondition failed: ${field} in precondition: ${wanted}, ${field} in object meta: ${present}`;
  const name = key.slice(key.lastIndexOf('/') + 1);
  return conflict(r, name, `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${text}`);
}
/** 403: the user may not, or admission refuses. */
export function forbidden(r: Named, name: string, cause: string): ApiError {
  const subject = r.resource === '' ? '' : name === '' ? `${qualified(r)} is` : `${qualified(r)} ${goQuote(name)} is`;
  return new ApiError({
    code: 403,
    reason: 'Forbidden',
    message: subject ? `${subject} forbidden: ${cause}` : `forbidden: ${cause}`,
    details: details(r, name),
  });
}
/** So many errors are told of one object. Upstream tells all, in answers of hundreds of megabytes if need be. */
const MAX_TOLD = 10_000;

/** Validation failed; `kind` is the object's kind, `name` its name ("" becomes ""). */
export function invalid(kind: { group: string; kind: string }, name: string, errors: readonly FieldError[]): ApiError {
  const told = errors.slice(0, MAX_TOLD);
  const texts = [...new Set(told.map((e) => `${e.field}: ${e.message}`))];
  const causes: StatusCause[] = told.map((e) => ({ reason: e.type, message: e.message, field: e.field }));
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new ApiError({
    code: 422,
    reason: 'Invalid',
    message: `${kind.group ? `${kind.kind}.${kind.group}` : kind.kind} ${goQuote(name)} is invalid${texts.length ? `: ${list}` : ''}`,
    details: { ...(name && { name }), ...(kind.group && { group: kind.group }), ...(kind.kind && { kind: kind.kind }), causes },
  });
}
/** 400: the request makes no sense. */
export function badRequest(message: string): ApiError {
  return new ApiError({ code: 400, reason: 'BadRequest', message });
}
/** 401: who is it? */
export function unauthorized(): ApiError {
  return new ApiError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
}
/** The resource exists, the verb does not. */
export function methodNotSupported(r: Named, verb: string): ApiError {
  return new ApiError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: `${verb} is not supported on resources of kind ${JSON.stringify(qualified(r))}`,
    details: details(r, ''),
  });
}
/** The path is known, the HTTP method is not served there. */
export function methodNotAllowed(): ApiError {
  return new ApiError({
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
    details: {},
  });
}
/** No such path or resource. */
export function pathNotFound(): ApiError {
  return new ApiError({ code: 404, reason: 'NotFound', message: 'the server could not find the requested resource', details: {} });
}
/** 406: none of the wanted forms can be made. */
export function notAcceptable(accepted: readonly string[]): ApiError {
  return new ApiError({
    code: 406,
    reason: 'NotAcceptable',
    message: `only the following media types are accepted: ${accepted.join(', ')}`,
  });
}
/** 415: the body is in no form that is read. */
export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  return new ApiError({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  });
}
/** 413: the body is too long. */
export function requestEntityTooLarge(message: string): ApiError {
  return new ApiError({ code: 413, reason: 'RequestEntityTooLarge', message });
}
/** Watch or exact list below the compaction floor; `continueToken` lets a list go on with an inconsistent rest. */
export function expired(message: string, continueToken?: string): ApiError {
  const error = new ApiError({ code: 410, reason: 'Expired', message });
  if (continueToken !== undefined) (error.status.metadata as { continue?: string }).continue = continueToken;
  return error;
}
/** A read asks for a revision that is not there yet. @param retryAfterSeconds undefined: the client is not told when */
export function tooLargeResourceVersion(asked: number, current: number, retryAfterSeconds: number | undefined): ApiError {
  return new ApiError({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: Too large resource version: ${asked}, current: ${current}`,
    details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds },
  });
}
/** `retryAfterSeconds` 0: the client is not told when. */
export function tooManyRequests(message: string, retryAfterSeconds: number, causes?: StatusCause[]): ApiError {
  return new ApiError({
    code: 429,
    reason: 'TooManyRequests',
    message,
    details: { ...(causes && { causes }), ...(retryAfterSeconds > 0 && { retryAfterSeconds }) },
  });
}
/** 503: it may work again later. */
export function serviceUnavailable(message: string): ApiError {
  return new ApiError({ code: 503, reason: 'ServiceUnavailable', message });
}
/** 504: it took too long. */
export function timeout(message: string, retryAfterSeconds?: number): ApiError {
  return new ApiError({
    code: 504,
    reason: 'Timeout',
    message: `Timeout: ${message}`,
    details: retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  });
}
/** 500 with an invitation to try again: the server could not get it done in time. */
export function serverTimeout(r: Named, verb: string, retryAfterSeconds: number): ApiError {
  return new ApiError({
    code: 500,
    reason: 'ServerTimeout',
    message: `The ${verb} operation against ${qualified(r)} could not be completed at this time, please try again.`,
    details: { ...details(r, ''), retryAfterSeconds },
  });
}
/** Our own fault, or a collaborator's. */
export function internalError(cause: string, options?: { cause?: unknown }): ApiError {
  return new ApiError(
    { code: 500, reason: 'InternalError', message: `Internal error occurred: ${cause}`, details: { causes: [{ message: cause }] } },
    options,
  );
}
/** A feature kubemu does not have yet: refused by name, listed in docs/compatibility.md. */
export function notImplemented(what: string): ApiError {
  return new ApiError({ code: 501, reason: 'NotImplemented', message: `kubemu does not implement ${what}` });
}

/** Whether an error is one that a client is told, and of this reason. */
export function isApiError(e: unknown, reason?: string): e is ApiError {
  return e instanceof ApiError && (reason === undefined || e.reason === reason);
}
