import { AppError } from '@kb-labs/errors';

export function damaged(hash: string): AppError {
  return new AppError('STATE_CORRUPT', { problem: `the blob sha256:${hash} does not have the bytes it was stored with` });
}
