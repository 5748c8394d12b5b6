import { ApiError } from '../../src/api/meta/errors.js';

/** The error that a call is refused with. @throws whatever is no ApiError; and when the call is not refused */
export function refusal(call: () => unknown): ApiError {
  try {
    call();
  } catch (error) {
    return apiError(error);
  }
  throw new Error('nothing was refused');
}

/** As `refusal`, of something under way. */
export function refusalOf(attempt: Promise<unknown>): Promise<ApiError> {
  return attempt.then(() => {
    throw new Error('nothing was refused');
  }, apiError);
}

function apiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}
