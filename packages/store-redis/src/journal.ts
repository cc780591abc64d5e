import { JOURNAL_SCHEMA, parseEventText, type RunEvent, type RunEventBody, type RunId, type RunSummary } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

/** Events as they are stored, `<at> <body>`, the first of which is number `after + 1`. */
export function parseEvents(runId: RunId, after: number, texts: readonly string[]): RunEvent[] {
  return texts.map((text, index) => {
    const seq = after + 1 + index;
    const space = text.indexOf(' ');
    const at = Number(text.slice(0, space));
    try {
      return { ...(parseEventText(text.slice(space + 1)) as RunEventBody), seq, at };
    } catch {
      throw new AppError('STATE_CORRUPT', { problem: `the journal of ${runId} cannot be read at event ${String(seq)}` });
    }
  });
}

/** In bytes of UTF-8. */
export function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

export function wrongSchema(runId: RunId, found: string): AppError {
  return new AppError('STATE_SCHEMA', { problem: `the journal of ${runId} is of version ${found}, this program knows ${String(JOURNAL_SCHEMA)}` });
}

/** The fields of a summary that a run's hash keeps one by one, because they change. */
const CHANGING = ['status', 'startedAt', 'finishedAt', 'logRemovedAt', 'artifactsRemovedAt'] as const;
export const SUMMARY_FIELDS = ['summary', ...CHANGING] as const;

export function summaryFields(summary: RunSummary): string[] {
  const { status, startedAt, finishedAt, logRemovedAt: _log, artifactsRemovedAt: _artifacts, ...fixed } = summary;
  return ['summary', JSON.stringify(fixed), 'status', status, 'startedAt', String(startedAt ?? ''), 'finishedAt', String(finishedAt ?? '')];
}

/** The values of `SUMMARY_FIELDS`. `undefined`: there is no such run. */
export function parseSummary(runId: RunId, values: readonly (string | null)[]): RunSummary | undefined {
  const [fixed, status, startedAt, finishedAt, logRemoved, artifactsRemoved] = values;
  const [logRemovedAt, artifactsRemovedAt] = [toInstant(logRemoved), toInstant(artifactsRemoved)];
  if (fixed === null || fixed === undefined) return undefined;
  try {
    return {
      ...(JSON.parse(fixed) as Omit<RunSummary, (typeof CHANGING)[number]>),
      status: status as RunSummary['status'],
      startedAt: toInstant(startedAt),
      finishedAt: toInstant(finishedAt),
      ...(logRemovedAt === null ? {} : { logRemovedAt }),
      ...(artifactsRemovedAt === null ? {} : { artifactsRemovedAt }),
    };
  } catch {
    throw new AppError('STATE_CORRUPT', { problem: `the summary of ${runId} cannot be read` });
  }
}

function toInstant(text: string | null | undefined): number | null {
  return text === null || text === undefined || text === '' ? null : Number(text);
}
