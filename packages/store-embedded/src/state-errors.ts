import { AppError, fromUnknown } from '@kb-labs/errors';

/** Result codes of SQLite (https://sqlite.org/rescode.html). The low byte is the primary code. */
const SQLITE = { busy: 5, locked: 6, full: 13, corrupt: 11, protocol: 15, notADatabase: 26, sharedMemorySize: 4874 } as const;
const SYSTEM_FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** Whether another process is in the way and the same call can succeed a moment later. */
export function isBusy(thrown: unknown): boolean {
  const primary = primaryCode(thrown);
  return primary === SQLITE.busy || primary === SQLITE.locked || primary === SQLITE.protocol;
}

/** What SQLite or the file system threw, as an error of the register. Anything else goes through unchanged. */
export function toStateError(thrown: unknown): AppError {
  if (!(thrown instanceof Error) || !('code' in thrown)) return fromUnknown(thrown);
  const problem = thrown.message;
  const options = { cause: thrown };
  if (SYSTEM_FULL.has(thrown.code)) return new AppError('STATE_FULL', { problem }, options);
  if (thrown.code === 'ERR_SQLITE_ERROR') return fromSqlite(thrown, problem);
  if ('syscall' in thrown) return new AppError('STATE_UNAVAILABLE', { problem }, options);
  return fromUnknown(thrown);
}

function fromSqlite(thrown: Error, problem: string): AppError {
  const options = { cause: thrown };
  if (isBusy(thrown)) return new AppError('STATE_BUSY', {}, options);
  if (extendedCode(thrown) === SQLITE.sharedMemorySize) return new AppError('STATE_FULL', { problem }, options);
  switch (primaryCode(thrown)) {
    case SQLITE.full:
      return new AppError('STATE_FULL', { problem }, options);
    case SQLITE.corrupt:
    case SQLITE.notADatabase:
      return new AppError('STATE_CORRUPT', { problem }, options);
    default:
      return new AppError('STATE_UNAVAILABLE', { problem }, options);
  }
}

function primaryCode(thrown: unknown): number | undefined {
  const code = extendedCode(thrown);
  return code === undefined ? undefined : code & 0xff;
}

function extendedCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return undefined;
  return typeof thrown.errcode === 'number' ? thrown.errcode : undefined;
}
