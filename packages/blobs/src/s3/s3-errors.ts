import { AppError } from '@kb-labs/errors';

/** What S3-compatible stores answer when there is no room. */
const FULL: ReadonlySet<string> = new Set(['QuotaExceeded', 'InsufficientStorage', 'InsufficientCapacity', 'XMinioStorageFull']);
const NO_ROOM_STATUS = 507;

/** Runs requests to the store only: whatever they fail with becomes an error of the register. `bucket` is named when it is missing. */
export async function onStore<T>(act: () => Promise<T>, bucket?: string): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    if (bucket !== undefined && thrown instanceof Error && thrown.name === 'NoSuchBucket') throw noBucket(bucket, thrown);
    throw toStateError(thrown);
  }
}

export function noBucket(name: string, cause: unknown): AppError {
  return new AppError('STATE_UNAVAILABLE', { problem: `there is no bucket "${name}"` }, { cause });
}

export function isAbsent(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === 'NotFound' || thrown.name === 'NoSuchKey');
}

export function toStateError(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof AppError) return thrown;
  // Requests without a body are answered without a reason, refused connections without a text.
  const problem = [thrown.name, codeOf(thrown), statusOf(thrown), thrown.message].filter((part) => part !== undefined && part !== '').join(' ');
  const full = FULL.has(thrown.name) || statusOf(thrown) === NO_ROOM_STATUS;
  return new AppError(full ? 'STATE_FULL' : 'STATE_UNAVAILABLE', { problem }, { cause: thrown });
}

function codeOf(thrown: Error): string | undefined {
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

function statusOf(thrown: Error): number | undefined {
  const metadata = '$metadata' in thrown ? thrown.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
