import type { LlmUsage } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

/** `LLM_FAILED` with its own word on another try: `never`, or after so many milliseconds; by the step's policy when it says nothing. */
export class LlmFailure extends AppError {
  declare readonly kbRetry?: 'never' | number;
  /** What was counted before it failed. */
  declare readonly usage?: LlmUsage;
  /** Of the service's answer, when there was one. */
  declare readonly httpStatus?: number;

  constructor(problem: string, more: { readonly kbRetry?: 'never' | number; readonly usage?: LlmUsage; readonly httpStatus?: number; readonly cause?: unknown } = {}) {
    const { cause, ...shown } = more;
    super('LLM_FAILED', { problem }, cause === undefined ? {} : { cause });
    Object.assign(this, shown);
  }
}
