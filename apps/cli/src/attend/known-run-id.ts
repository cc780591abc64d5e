import { parseRunId, type RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

/** A run id as typed. A text that is none names no run: throws `RUN_NOT_FOUND`. */
export function toKnownRunId(text: string): RunId {
  const id = parseRunId(text);
  if (id === undefined) throw new AppError('RUN_NOT_FOUND', { id: text });
  return id;
}
