import { AppError, fromUnknown } from '@kb-labs/errors';

/** What BullMQ or the way to its server answered, as an error of the register: the same ones the store fails with. */
export function toDeliveryError(thrown: unknown): AppError {
  if (!(thrown instanceof Error) || thrown instanceof AppError || thrown instanceof TypeError || thrown instanceof RangeError) return fromUnknown(thrown);
  const problem = wordsFor(thrown.message);
  return new AppError(isFull(thrown) ? 'STATE_FULL' : 'STATE_UNAVAILABLE', { problem }, { cause: thrown });
}

/** What ioredis says of a command that it could not send, or that was sent on a connection that ended. */
function wordsFor(message: string): string {
  if (message.includes('enableOfflineQueue')) return 'no connection';
  return /max retries per request|Connection is closed|aborted due to connection close/.test(message) ? 'the connection was lost before the answer came' : message;
}

/** The server took a command and did not answer. */
export function isSilence(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message === 'Command timed out';
}

/** Memory over `maxmemory`, or a disk that takes no more of the append-only file. */
function isFull({ name, message }: Error): boolean {
  return name === 'ReplyError' && (/\bOOM\b/.test(message) || (/\bMISCONF\b/.test(message) && /space|AOF/i.test(message)));
}
