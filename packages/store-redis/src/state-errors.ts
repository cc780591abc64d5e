import { AppError, fromUnknown } from '@kb-labs/errors';

/** What Redis or the way to it answered, as an error of the register. Anything else goes through unchanged. */
export function toStateError(thrown: unknown): AppError {
  if (!(thrown instanceof Error) || thrown instanceof AppError) return fromUnknown(thrown);
  const problem = wordsFor(thrown.message);
  const options = { cause: thrown };
  if (thrown.name === 'ReplyError') {
    if (isFull(problem)) return new AppError('STATE_FULL', { problem }, options);
    if (!isState(problem) && isDamage(problem)) return new AppError('STATE_CORRUPT', { problem }, options);
    return new AppError('STATE_UNAVAILABLE', { problem }, options);
  }
  if (thrown instanceof TypeError || thrown instanceof RangeError) return fromUnknown(thrown);
  return new AppError('STATE_UNAVAILABLE', { problem: LOST.test(problem) ? 'the connection was lost before the answer came' : problem }, options);
}

/** What the server says to who names no password is about a command that nobody here has heard of. */
export function wordsFor(message: string): string {
  return message.startsWith('NOAUTH') ? 'it asks for a password, as in redis://:PASSWORD@HOST:PORT (NOAUTH)' : message;
}

/** What ioredis says of a command that was sent on a connection that ended. */
const LOST = /max retries per request|Connection is closed|aborted due to connection close/;

/** The script is not in the cache of the server: it was started anew. */
export function isUnknownScript(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message.startsWith('NOSCRIPT');
}

/** The server answered that it did nothing. Any other failure leaves open whether it did. */
export function isRefusal(error: AppError): boolean {
  return error.cause instanceof Error && error.cause.name === 'ReplyError';
}

/** Memory over `maxmemory`, or a disk that takes no more of the append-only file. Redis 7 puts the code of an error inside a script first, 6 does not. */
function isFull(problem: string): boolean {
  return /\bOOM\b/.test(problem) || (/\bMISCONF\b/.test(problem) && /space|AOF/i.test(problem));
}

/** Of the server or of who asks, not of the data. */
function isState(problem: string): boolean {
  return /\b(READONLY|LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|NOAUTH|WRONGPASS|NOPERM)\b/.test(problem);
}

/** A key that holds something else, or a value a script cannot read: Redis 6 puts its own words before what went wrong in a script, 7 after. */
function isDamage(problem: string): boolean {
  return /\bWRONGTYPE\b|^DAMAGED|^ERR (Error running script|user_script:)/.test(problem);
}
