import type { RunEventBody, RunId } from '@kb-labs/contracts';
import type { Metrics } from '@kb-labs/gateway';
import type { Append, Begin, Create, EventLog } from '@kb-labs/ports';

/** Jobs whose start is remembered; that of any other is looked up in its journal. */
const MAX_KNOWN = 10_000;

/** The log, counting what is written through it. What was refused, or had been written before, does not count. */
export function measureLog(log: EventLog, metrics: Metrics): EventLog {
  const begun = new Map<string, number>();
  const startedRuns = new Set<RunId>();

  const countEnd = async (runId: RunId, event: RunEventBody & { type: 'job.finished' }, at: number): Promise<void> => {
    const key = `${runId} ${event.job} ${String(event.attempt)}`;
    const from = begun.get(key) ?? (await startOf(log, runId, event));
    begun.delete(key);
    // One that was skipped or cancelled before it began took no time.
    if (from !== undefined) metrics.jobFinished(event.status, Math.max(0, at - from));
  };
  const count = (runId: RunId, { at, events, summary }: Pick<Append | Create, 'at' | 'events' | 'summary'>): void => {
    for (const event of events) {
      if (event.type === 'run.finished') metrics.runFinished(event.status);
      if (event.type === 'job.finished') countEnd(runId, event, at).catch(() => undefined);
      if (event.type !== 'job.started') continue;
      remember(begun, `${runId} ${event.job} ${String(event.attempt)}`, at);
      // The append that makes a run begin carries the instant of the first start as its own; a second job can begin in the same one.
      if (summary?.startedAt === at && !startedRuns.has(runId)) {
        startedRuns.add(runId);
        forgetOldest(startedRuns);
        metrics.runStarted();
      }
    }
  };
  const countBegin = (begin: Begin): Begin => ({
    ...begin,
    begun: (lease) => {
      count(begin.append.runId, begin.append);
      begin.begun(lease);
    },
  });
  return {
    append: async (command) => {
      const result = await log.append(command);
      if (result.ok) count(command.runId, command);
      return result;
    },
    create: async (command, begin) => {
      const result = await log.create(command, begin === undefined ? undefined : countBegin(begin));
      if (result.ok && !result.repeated) count(command.runId, command);
      return result;
    },
    read: (runId, after, limit) => log.read(runId, after, limit),
    watch: (runId, onChange) => log.watch(runId, onChange),
  };
}

/** When this attempt of a job was first handed out, by whichever process. */
async function startOf(log: EventLog, runId: RunId, { job, attempt }: { job: string; attempt: number }): Promise<number | undefined> {
  const events = await log.read(runId, 0);
  return events.find((event) => event.type === 'job.started' && event.job === job && event.attempt === attempt)?.at;
}

/** A job that goes on after a wait began when it began. */
function remember(begun: Map<string, number>, key: string, at: number): void {
  if (begun.has(key)) return;
  begun.set(key, at);
  forgetOldest(begun);
}

function forgetOldest(known: Map<unknown, unknown> | Set<unknown>): void {
  if (known.size <= MAX_KNOWN) return;
  for (const oldest of known.keys()) {
    known.delete(oldest);
    return;
  }
}
