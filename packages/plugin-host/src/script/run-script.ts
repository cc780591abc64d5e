import type { RunError } from '@kb-labs/contracts';
import { fromUnknown, toRunError } from '@kb-labs/errors';
import type { Logger, StepCall, StepOutcome } from '@kb-labs/ports';

import type { HostEnv } from '../process-tree/base-env.js';
import type { NotStarted } from '../process-tree/not-started.js';
import { type ProcessEnd, startProcess } from '../process-tree/start-process.js';
import type { Spawner } from '../process-tree/spawner.js';
import { TailBuffer } from '../process-tree/tail-buffer.js';
import type { PlacedScript } from '../targets/placed-script.js';
import { toFailed } from '../to-failed.js';
import { collectArtifacts } from './collect-artifacts.js';
import type { FolderStock } from './folder-stock.js';
import { exitError, scriptOutputs, TAIL_BYTES, type Tails } from './finish-script.js';
import { interpreterOf } from './interpreters.js';
import { findWorkingFolder, readScriptInput, scriptEnv } from './prepare-script.js';
import { reopenHint, reopensOutput } from './reopened-output.js';
import { placeConsumed } from './place-consumed.js';
import type { Removals } from './removals.js';
import { makeStepFolder, type StepFolder } from './step-folder.js';
import { temporaryParent } from './temporary-parent.js';
import { takeLines } from './take-lines.js';

export interface ScriptOptions {
  readonly hostEnv: HostEnv;
  /** From TERM to KILL when the step is ended; one second when left out. */
  readonly killGraceMs?: number;
  readonly logger: Logger;
  /** Absent: as a plain subprocess. */
  readonly placed?: PlacedScript;
  /** Starts scripts in place of this process. */
  readonly spawner?: Spawner;
  /** Where the removal of temporary folders goes on; absent: it is waited for. */
  readonly removals?: Removals;
  /** Temporary folders of earlier steps; absent: each step has a new one. */
  readonly folders?: FolderStock;
}

const KILL_GRACE_MS = 1_000;

/** `builtin:run`: one script as a process tree of its own, of which nothing is left when this resolves. Never throws. */
export async function runScript(call: StepCall, options: ScriptOptions): Promise<StepOutcome> {
  if (call.signal.aborted) return { status: 'aborted', outputs: {} };
  let folder: StepFolder | undefined;
  let end: (() => Promise<void>) | undefined;
  let isOver = false;
  try {
    const { script, shell, workingDirectory } = readScriptInput(call.input);
    const cwd = await findWorkingFolder(call.workspace, workingDirectory);
    folder = makeStepFolder(temporaryParent(options.hostEnv), script, options.folders?.take());
    if (call.consumed.length > 0) await placeConsumed(folder.artifacts, call);
    const { byInput, ...interpreter } = interpreterOf(shell, folder.script);
    const inner = { ...interpreter, cwd, env: scriptEnv(call, folder, options.hostEnv) };
    const placed = options.placed;
    const confined = await placed?.confine?.(inner, folder.root);
    end = confined?.end;
    const tails: Tails = { stdout: new TailBuffer(TAIL_BYTES), stderr: new TailBuffer(TAIL_BYTES) };
    const stdout = takeLines(call, 'stdout', tails.stdout);
    const stderr = takeLines(call, 'stderr', tails.stderr);
    const exceeded = new AbortController();
    const { program, args, cwd: startFolder, env } = confined ?? inner;
    const running = startProcess({
      program,
      args,
      cwd: startFolder,
      env,
      ...(byInput ? { input: script } : {}),
      signal: placed === undefined ? call.signal : AbortSignal.any([call.signal, exceeded.signal]),
      killGraceMs: options.killGraceMs ?? KILL_GRACE_MS,
      ...(confined?.terminate === undefined ? {} : { terminate: confined.terminate }),
      onStdout: stdout.take,
      onStderr: stderr.take,
      ...(options.spawner === undefined ? {} : { spawner: options.spawner }),
      ...(reopensOutput(script) && placed?.hasOwnPipes !== false ? { pipeFolder: folder.root } : {}),
    });
    const unwatch = placed?.watch(running, (failure) => exceeded.abort(failure));
    const ended = await running.ended.finally(() => unwatch?.());
    await end?.();
    end = undefined;
    await stdout.finish();
    await stderr.finish();
    if (ended.kind === 'not-started') return notStarted(ended);
    isOver = placed === undefined && endedAlone(ended);
    const outcome = await finish(call, { end: ended, folder, tails });
    // Ended for that, and not because anybody wanted it.
    return exceeded.signal.aborted && !call.signal.aborted ? { ...toFailed(exceeded.signal.reason, call.redactor), outputs: outcome.outputs } : outcome;
  } catch (error) {
    return toFailed(error, call.redactor);
  } finally {
    await end?.();
    if (folder === undefined || !isOver || options.folders?.keep(folder) !== true) {
      const removal = cleanUp(folder, options.logger);
      await (options.removals?.add(removal) ?? removal);
    }
  }
}

/** By itself, with nothing left that could still write to its folder. */
function endedAlone({ aborted, leftovers, survivors }: Ended['end']): boolean {
  return !aborted && leftovers === 0 && survivors.length === 0;
}

interface Ended {
  readonly end: ProcessEnd & { kind: 'exited' };
  readonly folder: StepFolder;
  readonly tails: Tails;
}

/** What the script left is read only now, when nobody writes to it any more. */
async function finish(call: StepCall, { end, folder, tails }: Ended): Promise<StepOutcome> {
  await reportProcesses(call, end);
  const { outputs, error } = await scriptOutputs(folder.output, end, tails);
  if (end.aborted) return { status: 'aborted', outputs };

  const unstored = await storeArtifacts(folder, call);
  if (call.signal.aborted) return { status: 'aborted', outputs };
  const problems = [error, unstored].filter((problem) => problem !== undefined);
  const [first] = problems;
  if (end.exitCode === 0) return first === undefined ? { status: 'success', outputs } : { status: 'failed', error: first, outputs, retryable: false };
  for (const { message } of problems) await call.log({ stream: 'engine', level: 'warn', text: message });
  const hint = reopenHint(String(outputs['stderr']));
  if (hint !== undefined) await call.log({ stream: 'engine', level: 'info', text: hint });
  return { status: 'failed', error: exitError(end), outputs, retryable: true };
}

async function reportProcesses({ log }: StepCall, { leftovers, survivors }: ProcessEnd & { kind: 'exited' }): Promise<void> {
  if (leftovers > 0) await log({ stream: 'engine', level: 'info', text: `ended what the script had left running (processes: ${String(leftovers)})` });
  if (survivors.length > 0) {
    await log({ stream: 'engine', level: 'error', text: `these processes of the script could not be ended: ${survivors.join(', ')}` });
  }
}

/** A failed script's artifacts are stored too: they often say why. */
async function storeArtifacts(folder: StepFolder, call: StepCall): Promise<RunError | undefined> {
  try {
    await collectArtifacts(folder.artifacts, call);
    return undefined;
  } catch (error) {
    return toRunError(fromUnknown(error));
  }
}

function notStarted({ reason, problem, hint, temporary }: NotStarted): StepOutcome {
  if (reason === 'aborted') return { status: 'aborted', outputs: {} };
  const code = reason === 'program-missing' ? 'PROGRAM_NOT_FOUND' : 'PROGRAM_NOT_STARTED';
  return { status: 'failed', error: { code, message: problem, ...(hint === undefined ? {} : { hint }) }, outputs: {}, retryable: temporary };
}

async function cleanUp(folder: StepFolder | undefined, logger: Logger): Promise<void> {
  try {
    await folder?.remove();
  } catch (error) {
    logger.warn('the temporary folder of a step could not be removed', { problem: String(error) });
  }
}
