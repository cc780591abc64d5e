import { AppError, fromUnknown } from '@kb-labs/errors';

/** Result codes of SQLite (https://sqlite.org/rescode.html). The low byte is the primary code. */
const SQLITE = { busy: 5, locked: 6, readOnly: 8, full: 13, corrupt: 11, cannotOpen: 14, protocol: 15, notADatabase: 26, sharedMemorySize: 4874 } as const;
const SYSTEM_FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
const NOT_WRITABLE: ReadonlySet<unknown> = new Set(['EROFS', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EISDIR', 'EEXIST']);
const WRITABLE_HINT = 'the state is a folder that this account has to be able to write to; KB_STATE_URL=file:DIR names another';

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
  if ('syscall' in thrown) return new AppError('STATE_UNAVAILABLE', { problem }, { ...options, ...(NOT_WRITABLE.has(thrown.code) ? { hint: WRITABLE_HINT } : {}) });
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
    case SQLITE.readOnly:
    case SQLITE.cannotOpen:
      return new AppError('STATE_UNAVAILABLE', { problem }, { ...options, hint: WRITABLE_HINT });
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
