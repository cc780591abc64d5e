import { AppError } from '@kb-labs/errors';

/** Over `maxmemory`, also from within a script; or the append-only file has no room to grow. */
const FULL = /OOM command not allowed|No space left on device/;

/** Runs commands of Redis only: whatever they fail with becomes an error of the register. */
export async function onRedis<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    throw toStateError(thrown);
  }
}

function toStateError(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const problem = thrown.message;
  if (FULL.test(problem)) return new AppError('STATE_FULL', { problem }, { cause: thrown });
  if (problem.includes('WRONGTYPE')) return new AppError('STATE_CORRUPT', { problem }, { cause: thrown });
  return new AppError('STATE_UNAVAILABLE', { problem }, { cause: thrown });
}
