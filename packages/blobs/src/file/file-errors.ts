import { AppError } from '@kb-labs/errors';

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** What the file system threw, as an error of the register. Anything else goes through unchanged. */
export function toStateError(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('syscall' in thrown)) return thrown;
  return new AppError(FULL.has(thrown.code) ? 'STATE_FULL' : 'STATE_UNAVAILABLE', { problem: thrown.message }, { cause: thrown });
}

export function isAbsent(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR');
}
