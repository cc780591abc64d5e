import type { Refusal } from './requests.js';

/** Why the release program does not do what it was asked. */
export class ReleaseFailure extends Error {
  readonly refusal: Refusal;

  constructor(code: string, message: string, { hint, later = false }: { readonly hint?: string; readonly later?: boolean } = {}) {
    super(message);
    this.name = 'ReleaseFailure';
    this.refusal = { code, message, ...(hint === undefined ? {} : { hint }), later };
  }
}

/** Whether a call of the file system failed in this way. */
export function failedWith(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
