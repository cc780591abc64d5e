import { isTerminalRun, type RunId, type RunView } from '@kb-labs/contracts';
import type { Composition } from '@kb-labs/daemon';
import { cancelRun, followLogs, followRun, readRun } from '@kb-labs/engine';
import { AppError, assertNever, EXIT_CODES, type ExitCode, hasCode } from '@kb-labs/errors';

import { userName } from '../project/user-name.js';
import type { Terminal } from '../terminal/terminal.js';
import { type Carrier, carrierOf } from './carry-run.js';
import { hearInterrupts } from './interrupts.js';
import type { Presenter } from './presenter.js';

export interface AttendOptions {
  readonly terminal: Terminal;
  readonly presenter: Presenter;
  /** `always`: this process is a worker of the run. `alone`: only when nobody else is. */
  readonly carry: 'always' | 'alone';
  readonly onInterrupt: 'cancel' | 'leave';
}

/** How often a run is looked at whose worker may have gone: its end changes no journal. */
const CHECK_WORKER_MS = 1_000;

/** Shows a run to its end, carrying it on if need be. Answers the exit code: by its outcome, or 130 when interrupted. */
export async function attendRun(engine: Composition, runId: RunId, options: AttendOptions): Promise<ExitCode> {
  const { presenter, terminal } = options;
  const left = new AbortController();
  const carrier = carrierOf(engine, runId);
  const failures: unknown[] = [];
  const fail = (error: unknown): void => {
    failures.push(error);
    left.abort();
  };
  let cancelled = false;
  const stopHearing = hearInterrupts({
    terminal,
    presenter,
    means: options.onInterrupt,
    cancel: () => {
      cancelled = true;
      requestCancel(engine, runId, 'Ctrl-C').catch(fail);
    },
    leave: () => {
      if (carrier.carrying) presenter.note('leaving after the step in progress; again to leave at once');
      left.abort();
    },
  });
  const watchWorker = options.carry === 'alone' ? checkWorker(engine, runId, { carrier, presenter, signal: left.signal }) : undefined;
  watchWorker?.catch(fail);
  let last: RunView | undefined;
  try {
    if (options.carry === 'always') await carrier.start();
    [last] = await Promise.all([showViews(engine, runId, presenter, left.signal), presenter.wantsLog ? showLog(engine, runId, presenter, left.signal) : undefined]);
  } finally {
    stopHearing();
    left.abort();
    await watchWorker?.catch(() => undefined);
    await carrier.stop();
    // The step that was waited for can have been the last one.
    if (carrier.carrying && (last === undefined || !isTerminalRun(last.status))) {
      last = await readRun(engine.deps, runId).catch(() => last);
      if (last !== undefined) presenter.view(last);
    }
    presenter.end(last !== undefined && isTerminalRun(last.status) ? last : undefined);
  }
  if (failures.length > 0) throw failures[0];
  if (last === undefined || !isTerminalRun(last.status)) {
    terminal.note(`the run ${runId} has not ended: "kb workflow:watch --run-id=${runId}" shows it, "kb workflow:resume --run-id=${runId}" carries it on`);
    return EXIT_CODES.interrupted;
  }
  return cancelled && last.status === 'cancelled' ? EXIT_CODES.interrupted : outcomeCode(last);
}

/** What a finished run means to the shell. */
export function outcomeCode(run: RunView): ExitCode {
  switch (run.status) {
    case 'success':
    case 'skipped':
      return EXIT_CODES.ok;
    case 'failed':
    case 'cancelled':
    case 'quarantined':
      return EXIT_CODES.failed;
    case 'queued':
    case 'running':
    case 'waiting':
      throw new AppError('INTERNAL', { problem: `a run that is ${run.status} has no outcome` });
    default:
      return assertNever(run.status);
  }
}

async function showViews({ deps }: Composition, runId: RunId, presenter: Presenter, signal: AbortSignal): Promise<RunView | undefined> {
  let last: RunView | undefined;
  for await (const view of followRun(deps, runId, signal)) {
    last = view;
    presenter.view(view);
  }
  return last;
}

async function showLog({ deps }: Composition, runId: RunId, presenter: Presenter, signal: AbortSignal): Promise<void> {
  for await (const line of followLogs(deps, { runId }, signal)) presenter.line(line);
}

async function checkWorker(
  engine: Composition,
  runId: RunId,
  { carrier, presenter, signal }: { carrier: Carrier; presenter: Presenter; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    const view = await readRun(engine.deps, runId);
    if (isTerminalRun(view.status)) return;
    if (view.reason?.rule === 'no-worker') {
      presenter.note('nobody carries this run on: this command does');
      await carrier.start();
      return;
    }
    await pause(engine, signal);
  }
}

function pause({ deps }: Composition, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = deps.clock.after(CHECK_WORKER_MS, done);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      stop();
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}

/** A run that ended in the meantime needs no cancelling. */
async function requestCancel({ deps }: Composition, runId: RunId, note: string): Promise<void> {
  try {
    await cancelRun(deps, { runId, by: userName(), note });
  } catch (error) {
    if (!hasCode(error, 'RUN_FINISHED')) throw error;
  }
}
