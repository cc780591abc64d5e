import { type EngineDeps, serveSchedules } from '@kb-labs/engine';
import type { Clock } from '@kb-labs/ports';

export interface ScheduleClock {
  /** Resolves when a round that runs is over. */
  stop(): Promise<void>;
}

/** How long it sleeps at most: by then it sees documents that have changed, and a clock that was set. */
const LONGEST_MS = 60_000;
/** What is ended while others wait is seen at once; this is how soon it is looked again without a hint. */
const AWAITED_MS = 5_000;

/** Sleeps from one time of a schedule to the next, by the clock of this machine. */
export function startScheduleClock(deps: EngineDeps, wall: Clock): ScheduleClock {
  let stopped = false;
  let disarm = (): void => undefined;
  let round: Promise<void> = Promise.resolve();
  const begin = (): void => {
    round = look(deps, wall).then(({ inMs, awaited }) => {
      if (!stopped) disarm = sleep(deps, { inMs, awaited }, begin);
    });
  };
  begin();
  return {
    stop: () => {
      stopped = true;
      disarm();
      return round;
    },
  };
}

interface Rest {
  readonly inMs: number;
  readonly awaited: Awaited<ReturnType<typeof serveSchedules>>['awaited'];
}

async function look(deps: EngineDeps, wall: Clock): Promise<Rest> {
  try {
    const { next, awaited } = await serveSchedules(deps, wall);
    const longest = awaited.length > 0 ? AWAITED_MS : LONGEST_MS;
    return { inMs: Math.min(longest, Math.max(1, (next ?? Number.POSITIVE_INFINITY) - wall.now())), awaited };
  } catch (error) {
    deps.logger.error('schedules cannot be served', { problem: String(error) });
    return { inMs: AWAITED_MS, awaited: [] };
  }
}

/** Until then, or until a run has changed that something waits for. Answers how to call it off. */
function sleep({ clock, log, catalog }: EngineDeps, { inMs, awaited }: Rest, wake: () => void): () => void {
  const calls: (() => void)[] = [];
  let over = false;
  const end = (): void => {
    over = true;
    for (const call of calls) call();
  };
  const wakeOnce = (): void => {
    if (over) return;
    end();
    wake();
  };
  calls.push(clock.after(inMs, wakeOnce));
  for (const runId of awaited) {
    calls.push(
      log.watch(runId, () => {
        void catalog.getRun(runId).then(
          (run) => {
            if (run === undefined || run.finishedAt !== null) wakeOnce();
          },
          () => undefined,
        );
      }),
    );
  }
  return end;
}
