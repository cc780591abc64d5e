import { AppError } from '@kb-labs/errors';

/** The number of an event, as text. */
export function parseSeq(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw noPlace(text);
  return Number(text);
}

/** Behind a cursor of the log, and so many lines more. */
export interface LogPlace {
  readonly after: number;
  readonly skip: number;
}

const MOST_SKIPPED = 1_000;

/** `<cursor>` or `<cursor>-<lines>`: pages have cursors, lines have none. */
export function parseLogPlace(text: string): LogPlace {
  const [, after = '', skip = '0'] = /^(\d{1,15})(?:-(\d{1,4}))?$/.exec(text) ?? [];
  if (after === '' || Number(skip) > MOST_SKIPPED) throw noPlace(text);
  return { after: Number(after), skip: Number(skip) };
}

export function formatLogPlace({ after, skip }: LogPlace): string {
  return `${String(after)}-${String(skip)}`;
}

function noPlace(text: string): AppError {
  return new AppError('REQUEST_INVALID', { problem: `"${text.slice(0, 64)}" is no place to go on from` });
}
