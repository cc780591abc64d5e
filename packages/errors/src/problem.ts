import type { JsonObject } from '@kb-labs/contracts';

import type { AppError } from './app-error.js';

/** An error as it crosses a boundary: `--json` on a terminal and the body of an HTTP error (RFC 9457). */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly details?: JsonObject;
}

export function toProblem(error: AppError): Problem {
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(Object.keys(error.details).length === 0 ? {} : { details: error.details }),
  };
}
