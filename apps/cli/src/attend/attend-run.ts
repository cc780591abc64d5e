import { isTerminalRun, type RunId, type RunView } from '@kb-labs/contracts';
import { AppError, assertNever, EXIT_CODES, type ExitCode, hasCode } from '@kb-labs/errors';

import type { RunDesk } from '../desk/run-desk.js';
import { askLine } from '../terminal/ask.js';
import type { Terminal } from '../terminal/terminal.js';
import type { ApprovalDesk } from './approvals.js';
import type { Carrier } from './carry-run.js';
import { hearInterrupts } from './interrupts.js';
import { pauseFor } from './pause-for.js';
import type { Presenter } from './presenter.js';

export interface AttendOptions {
  readonly terminal: Terminal;
  readonly presenter: Presenter;
  /** `always`: this process is a worker of the run. `alone`: only when nobody else is. `never`: it is the matter of a daemon. */
  readonly carry: 'always' | 'alone' | 'never';
  readonly onInterrupt: 'cancel' | 'leave';
  /** Whether approvals are asked for where a person can answer; they are when left out. */
  readonly asks?: boolean;
}

/** Shows a run to its end, carrying it on if need be. Answers the exit code: by its outcome, or 130 when interrupted. */
export async function attendRun(desk: RunDesk, runId: RunId, options: AttendOptions): Promise<ExitCode> {
  const { presenter, terminal } = options;
  const left = new AbortController();
  const carrier = desk.carriage?.carrier(runId);
  const carry = carrier === undefined ? 'never' : options.carry;
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
      requestCancel(desk, runId, 'Ctrl-C').catch(fail);
    },
    leave: () => {
      if (carrier?.carrying === true) presenter.note('leaving after the step in progress; again to leave at once');
      left.abort();
    },
  });
  const watchWorker = carry === 'always' ? undefined : checkWorker(desk, runId, { presenter, signal: left.signal, carrier: carry === 'alone' ? carrier : undefined });
  watchWorker?.catch(fail);
  const approvals = terminal.canAsk() && options.asks !== false ? new Approvals(desk, { terminal, presenter, fail }) : undefined;
  let last: RunView | undefined;
  try {
    if (carry === 'always') await carrier?.start();
    [last] = await Promise.all([showViews(desk, runId, { presenter, approvals }, left.signal), presenter.wantsLog ? showLog(desk, runId, presenter, left.signal) : undefined]);
  } finally {
    stopHearing();
    left.abort();
    approvals?.close();
    await watchWorker?.catch(() => undefined);
    if (last !== undefined && isTerminalRun(last.status)) await carrier?.finish();
    else await carrier?.stop();
    // The step that was waited for can have been the last one.
    if (carrier?.carrying === true && (last === undefined || !isTerminalRun(last.status))) {
      last = await desk.read(runId).catch(() => last);
      if (last !== undefined) presenter.view(last);
    }
    presenter.end(last !== undefined && isTerminalRun(last.status) ? last : undefined);
    await desk.carriage?.carryApart(carrier?.apart ?? [], (text) => {
      terminal.note(text);
    });
  }
  if (failures.length > 0) throw failures[0];
  if (last === undefined || !isTerminalRun(last.status)) {
    const carriesOn = carry === 'never' ? '' : `, "kb workflow:resume --run-id=${runId}" carries it on`;
    terminal.note(`the run ${runId} has not ended: "kb workflow:watch --run-id=${runId}" shows it${carriesOn}`);
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

interface Onlookers {
  readonly presenter: Presenter;
  readonly approvals: Approvals | undefined;
}

async function showViews(desk: RunDesk, runId: RunId, { presenter, approvals }: Onlookers, signal: AbortSignal): Promise<RunView | undefined> {
  let last: RunView | undefined;
  for await (const view of desk.views(runId, signal)) {
    last = view;
    presenter.view(view);
    approvals?.see(view);
  }
  return last;
}

async function showLog(desk: RunDesk, runId: RunId, presenter: Presenter, signal: AbortSignal): Promise<void> {
  for await (const line of desk.followLogs({ runId }, signal)) presenter.line(line);
}

/** Takes over from a worker that is gone; without a carrier it says so, and when another one has come. */
async function checkWorker(
  desk: RunDesk,
  runId: RunId,
  { carrier, presenter, signal }: { carrier: Carrier | undefined; presenter: Presenter; signal: AbortSignal },
): Promise<void> {
  let alone = false;
  while (!signal.aborted) {
    const stand = await desk.standOf(runId);
    if (stand === 'ended') return;
    const served = stand === 'served';
    if (!served && carrier !== undefined) {
      presenter.note('nobody carries this run on: this command does');
      await carrier.start();
      return;
    }
    if (alone === served) {
      alone = !served;
      const byHand = desk.carriage === undefined ? '' : `, or "kb workflow:resume --run-id=${runId}" carries it on`;
      presenter.note(alone ? `no worker: the run stays as it is until a daemon runs again${byHand}` : 'a worker carries the run on again');
      presenter.view(await desk.read(runId));
    }
    await pauseFor(desk.paces.worker, signal);
  }
}

/** A run that ended in the meantime needs no cancelling. */
async function requestCancel(desk: RunDesk, runId: RunId, note: string): Promise<void> {
  try {
    await desk.cancel({ runId, note });
  } catch (error) {
    if (!hasCode(error, 'RUN_FINISHED')) throw error;
  }
}

interface ApprovalsOptions {
  readonly terminal: Terminal;
  readonly presenter: Presenter;
  readonly fail: (error: unknown) => void;
}

/** Loads what asks for approvals with the first that appears: most runs have none. */
class Approvals {
  readonly #runs: RunDesk;
  readonly #options: ApprovalsOptions;
  #desk: Promise<ApprovalDesk> | undefined;
  #closed = false;

  constructor(runs: RunDesk, options: ApprovalsOptions) {
    this.#runs = runs;
    this.#options = options;
  }

  see(run: RunView): void {
    if (this.#desk === undefined && !run.jobs.some(hasApproval)) return;
    this.#desk ??= this.#open();
    this.#desk.then((desk) => {
      if (!this.#closed) desk.see(run);
    }, this.#options.fail);
  }

  close(): void {
    this.#closed = true;
    void this.#desk?.then((desk) => {
      desk.close();
    }, () => undefined);
  }

  async #open(): Promise<ApprovalDesk> {
    const { openApprovalDesk } = await import('../control.js');
    return openApprovalDesk(this.#runs, { ...this.#options, by: await this.#runs.approver(), ask: askLine });
  }
}

function hasApproval({ status, steps }: RunView['jobs'][number]): boolean {
  return status === 'waiting' && steps.some((step) => step.status === 'waiting_approval');
}
