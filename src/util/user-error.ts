/** What went wrong was in the user's hands: shown as one line without a stack trace. */
export class UserError extends Error {
  /** `usage`: a flag or argument is wrong (exit code 2); `failure`: the surroundings are (port in use, directory not writable; exit code 1). */
  readonly kind: 'usage' | 'failure';

  constructor(message: string, kind: 'usage' | 'failure' = 'failure', options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'UserError';
    this.kind = kind;
  }
}
