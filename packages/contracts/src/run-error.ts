import type { JsonValue } from './json.js';

/** Why a step, job or run failed, as events and views keep it. `code` is of the register or the handler's own. */
export interface RunError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly details?: JsonValue;
}
