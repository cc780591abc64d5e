import { LIMITS } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

/** `counted`: there may be more bytes than these, the count has ended there. */
export function outputsTooLarge(bytes: number, extent: 'all' | 'counted'): AppError {
  return new AppError('OUTPUT_TOO_LARGE', { bytes: extent === 'all' ? bytes : `at least ${String(bytes)}`, limit: LIMITS.rawOutputBytes });
}
