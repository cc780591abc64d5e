import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';

import { isTerminalRun, type RunView } from '@kb-labs/contracts';
import { type Composition, makeStateFolder } from '@kb-labs/daemon';
import { readRun } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';

const CHECK_MS = 20;
const PATIENCE_MS = 15_000;

/**
 * Leaves the run to the daemon of the project. Without one, starts a worker for it in the background and resolves once it has
 * taken over; its own log is `worker.log` in the state folder.
 */
export async function handOver(engine: Composition, runId: string): Promise<RunView> {
  const { config, deps } = engine;
  const served = await deps.queue.served([deps.ids.runId()]);
  return served.size > 0 ? readRun(deps, runId) : waitUntilServed(engine, runId, startWorker(config.projectRoot, config.stateDir, [runId]));
}

/** Starts one worker in the background for runs that nobody carries on, and does not wait for it. */
export function carryInBackground({ config }: Composition, runIds: readonly string[]): void {
  startWorker(config.projectRoot, config.stateDir, runIds);
}

interface Child {
  /** How it ended, once it has. */
  failure: string | undefined;
}

function startWorker(projectRoot: string, stateDir: string, runIds: readonly string[]): Child {
  makeStateFolder(stateDir);
  const log = openSync(join(stateDir, 'worker.log'), 'a', 0o600);
  const program = process.argv[1] ?? '';
  const child = spawn(process.execPath, [program, '__work', `--project=${projectRoot}`, ...runIds.map((runId) => `--run-id=${runId}`)], {
    cwd: projectRoot,
    detached: true,
    stdio: ['ignore', log, log],
  });
  const state: Child = { failure: undefined };
  child.on('error', (error) => {
    state.failure = error.message;
  });
  child.on('exit', (code, signal) => {
    if (code !== 0) state.failure = `it ended with ${signal ?? `exit code ${String(code)}`}`;
  });
  child.unref();
  return state;
}

/** A short run can be over before its worker was ever seen. */
async function waitUntilServed({ deps, config }: Composition, runId: string, child: Child): Promise<RunView> {
  const until = deps.clock.now() + PATIENCE_MS;
  for (;;) {
    const view = await readRun(deps, runId);
    if (isTerminalRun(view.status) || view.reason?.rule !== 'no-worker') return view;
    const problem = child.failure ?? (deps.clock.now() > until ? 'it did not take the run over' : undefined);
    if (problem !== undefined) {
      throw new AppError(
        'INTERNAL',
        { problem: `the background worker of ${runId} cannot work: ${problem}` },
        { hint: `its log is ${join(config.stateDir, 'worker.log')}; "kb workflow:resume --run-id=${runId}" carries the run on here` },
      );
    }
    await new Promise<void>((resolve) => void deps.clock.after(CHECK_MS, resolve));
  }
}
