import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';

import { isTerminalRun, type RunView } from '@kb-labs/contracts';
import { type Composition, makeStateFolder } from '@kb-labs/daemon';
import { readRun } from '@kb-labs/engine';
import { AppError, EXIT_CODES, type ExitCode } from '@kb-labs/errors';

import type { CommandContext } from '../command-context.js';
import { whoCarries } from './who-carries.js';

const CHECK_MS = 20;
const PATIENCE_MS = 15_000;

/**
 * Leaves the run to the daemon of the project. Without one, starts a worker for it in the background and returns once it has
 * taken over; its own log is `worker.log` in the state folder.
 */
export async function detachRun(context: CommandContext, engine: Composition, run: RunView): Promise<ExitCode> {
  const { config, deps } = engine;
  const child = (await whoCarries(engine, 'here')) === 'here' ? startWorker(config.projectRoot, config.stateDir, [run.id]) : undefined;
  const served = child === undefined ? await readRun(deps, run.id) : await waitUntilServed(engine, run.id, child);
  if (context.json) context.terminal.printJson(served);
  else context.terminal.print([served.id, `  kb workflow:watch --run-id=${served.id}`]);
  return EXIT_CODES.ok;
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
