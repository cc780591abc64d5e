import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { RunView } from '@kb-labs/contracts';
import { type EngineDeps, readRun, startRun } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';
import { expect } from 'vitest';

import type { DaemonProcess } from './daemon.fixture.js';
import { sized } from './fault-size.js';
import { readLedgersOf } from './host.fixture.js';
import { disagreements, type Ledgers } from './ledgers.js';
import { manual } from './open-engine.js';
import type { Project } from './project.fixture.js';

/** So many things that a daemon wants are refused before there is room again. */
const REFUSED_WORK = sized(5, 60);
const REFUSALS = sized(6, 50);
/** The second that is promised is a figure of the full size: among all other tests everything takes longer. */
const NOT_READY_WITHIN_MS = sized(5_000, 1_000);
const OUTPUT_BYTES = 60_000;
const LOG_LINES = 200;
const LOG_LINE_BYTES = 500;

/** Every run leaves 160 kB: an output, and a log. Steps write themselves down outside the engine. */
export const GROWING = `
id: growing
permissions: { shell: true }
env: { LEDGER: "\${{ inputs.ledger }}" }
inputs: { ledger: { type: string, required: true } }
defaults: { run: { shell: sh } }
jobs:
  fill:
    outputs: { filling: "\${{ steps.output.outputs.filling }}" }
    steps:
      - id: output
        run: |
          echo "$KB_RUN_ID $KB_JOB_ID $KB_STEP_ID" >> "$LEDGER"
          { printf 'filling='; head -c ${OUTPUT_BYTES} /dev/zero | tr '\\0' x; echo; } >> "$KB_OUTPUT"
      - id: log
        run: |
          echo "$KB_RUN_ID $KB_JOB_ID $KB_STEP_ID" >> "$LEDGER"
          line=$(head -c ${LOG_LINE_BYTES} /dev/zero | tr '\\0' y)
          for n in $(seq ${LOG_LINES}); do echo "$n $line"; done
  after:
    needs: fill
    steps:
      - id: last
        run: echo "$KB_RUN_ID $KB_JOB_ID $KB_STEP_ID" >> "$LEDGER"
`;

/** What a client was told who asked for a run. */
export interface Told {
  readonly key: string;
  readonly tookMs: number;
  /** One of them. */
  readonly run?: string;
  readonly code?: string;
}

export async function ask(deps: EngineDeps, key: string, ledger: string): Promise<Told> {
  const from = performance.now();
  try {
    const { run } = await startRun(deps, { workflowId: 'growing', input: { ledger }, trigger: manual, idempotencyKey: key });
    return { key, run: run.id, tookMs: performance.now() - from };
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return { key, code: thrown.code, tookMs: performance.now() - from };
  }
}

/** Asks for runs, faster than they end, until so many were refused. Each refusal is followed by a moment: what runs can free some room. */
export async function askUntilRefused(deps: EngineDeps, options: { ledger: string; refusals: number; pauseMs?: number }): Promise<Told[]> {
  const told: Told[] = [];
  let refused = 0;
  while (refused < options.refusals) {
    const answer = await ask(deps, `key-${told.length}`, options.ledger);
    told.push(answer);
    if (answer.run === undefined) refused += 1;
    await wait(answer.run === undefined ? 100 : (options.pauseMs ?? 50));
  }
  return told;
}

export const acknowledged = (told: readonly Told[]): string[] => told.flatMap(({ run }) => run ?? []);
export const refusals = (told: readonly Told[]): Told[] => told.filter(({ run }) => run === undefined);

/** Asks once more for what was refused, until each is accepted: room can come back a little at a time. */
export async function askAgain(deps: EngineDeps, told: readonly Told[], ledger: string): Promise<string[]> {
  const runs: string[] = [];
  for (const { key } of refusals(told)) {
    for (;;) {
      const answer = await ask(deps, key, ledger);
      if (answer.run !== undefined) {
        runs.push(answer.run);
        break;
      }
      await wait(100);
    }
  }
  return runs;
}

/** Fills the state, looks at how that is told, and leaves it full until a daemon has met that often. */
export async function fill(deps: EngineDeps, { ledger, project, daemon }: { ledger: string; project: Project; daemon: DaemonProcess }): Promise<Told[]> {
  const told = await askUntilRefused(deps, { ledger, refusals: REFUSALS });
  const refused = refusals(told);
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['STATE_FULL']));
  expect(Math.max(...refused.map(({ tookMs }) => tookMs))).toBeLessThan(1_000);
  const filled = performance.now();
  await until(async () => !(await isReady(daemon)));
  expect(performance.now() - filled).toBeLessThan(NOT_READY_WITHIN_MS);
  expect((await fetch(`${daemon.url}/healthz`)).status).toBe(200);
  const byCommand = await askByCommand(project, ledger);
  await until(() => daemon.said.split('the state cannot grow').length > REFUSED_WORK);
  expect((await deps.catalog.openRuns({ limit: 1_000 })).length, 'work was under way').toBeGreaterThan(0);
  return [...told, ...byCommand];
}

/**
 * Asks with `kb`, until it is refused too, which it is told as `STATE_FULL`. A full server frees some bytes whenever a
 * connection has been served, so that a request soon after a refusal can be the one that fits: it counts as any other.
 */
async function askByCommand(project: Project, ledger: string): Promise<Told[]> {
  const accepted: Told[] = [];
  for (;;) {
    const { code, stdout } = await project.kb('workflow:run', '--workflow-id=growing', '-f', `ledger=${ledger}`, '--detach', '--json');
    const answer = JSON.parse(stdout) as { code?: string; id?: string };
    if (code !== 0) {
      expect([code, answer]).toMatchObject([3, { code: 'STATE_FULL' }]);
      return accepted;
    }
    accepted.push({ key: `command-${accepted.length}`, run: answer.id ?? '', tookMs: 0 });
  }
}

/** Everything in which runs that were accepted are not what was promised: the three ledgers, every one a success, every value whole. */
export async function complaints(deps: EngineDeps, dir: string, runs: readonly string[]): Promise<string[]> {
  let ledgers: Ledgers;
  try {
    ledgers = await readLedgersOf(deps, dir, runs);
  } catch (thrown) {
    return [`damaged: ${String(thrown)}`];
  }
  const found = disagreements(ledgers);
  for (const run of runs) {
    if (!ledgers.journals.has(run)) continue;
    const view = await readRun(deps, run).catch((thrown: unknown) => String(thrown));
    if (typeof view === 'string') found.push(`damaged: ${run}: ${view}`);
    else if (!isWhole(view)) found.push(`not whole: ${run} is ${view.status} with ${JSON.stringify(view.jobs.map(({ key, status, error }) => [key, status, error?.code]))}`);
  }
  if (ledgers.journals.size !== new Set(runs).size) found.push(`doubled: ${ledgers.journals.size} runs for ${new Set(runs).size} that were accepted`);
  return found;
}

function isWhole({ status, jobs }: RunView): boolean {
  return status === 'success' && String(jobs.find(({ key }) => key === 'fill')?.outputs['filling']).length === OUTPUT_BYTES;
}

export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await wait(10);
}

export async function isReady(daemon: DaemonProcess): Promise<boolean> {
  return (await fetch(`${daemon.url}/readyz`)).status === 200;
}

export const allEnded = (deps: EngineDeps): Promise<void> => until(async () => (await deps.catalog.openRuns({ limit: 1 })).length === 0);

/** A file system in memory of its own, as large as is said, at `<dir>/disk`; `undefined` where that is not permitted. */
export function mountDisk(dir: string, size: string): { path: string; grow(size: string): void; unmount(): void } | undefined {
  const path = join(dir, 'disk');
  mkdirSync(path);
  const run = (program: string, ...args: string[]): void => void execFileSync(program, args, { stdio: 'ignore' });
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path);
  } catch {
    return undefined;
  }
  return { path, grow: (to) => run('mount', '-o', `remount,size=${to}`, path), unmount: () => run('umount', '-l', path) };
}
