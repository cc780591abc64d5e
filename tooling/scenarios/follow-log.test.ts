import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { LogLine, Page, RunId, RunSummaryView, RunView } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { sized } from './fault-size.js';
import { openStore } from './host.fixture.js';
import { Project } from './project.fixture.js';

const LINES = sized(20_000, 200_000);
const FOLLOWER_KILLS = sized(3, 10);
const WORKER_KILLS = sized(2, 5);
/** Of what was printed in this time before its worker was killed, the end of the log may be missing. */
const UNSAVED_MS = 200;
const PORTIONS = 20;
const LOOK_MS = 10;
const LIMIT_MS = sized(120_000, 300_000);

/** Numbers, some thousand at a time; each portion waits for its turn: the number of files in a folder. */
const counting = `
id: counting
permissions: { shell: true }
inputs: { gates: { type: string, required: true } }
env: { GATES: "\${{ inputs.gates }}" }
defaults: { run: { shell: sh } }
jobs:
  one:
    steps:
      - id: count
        run: |
          i=0
          while [ $i -lt ${String(PORTIONS)} ]; do
            while [ -e "$GATES" ] && [ "$(wc -c < "$GATES")" -le $i ]; do sleep 0.02; done
            seq $((i * ${String(LINES / PORTIONS)} + 1)) $(((i + 1) * ${String(LINES / PORTIONS)}))
            i=$((i + 1))
          done
`;

/** A line every few milliseconds, and the same in a file that the engine knows nothing of. */
const ticking = `
id: ticking
permissions: { shell: true }
inputs: { ledger: { type: string, required: true } }
env: { LEDGER: "\${{ inputs.ledger }}" }
defaults: { run: { shell: sh } }
jobs:
  one:
    steps:
      - id: tick
        run: |
          i=0
          while [ -e "$LEDGER" ]; do
            i=$((i + 1))
            line="$i $(date +%s%3N)"
            echo "$line" >> "$LEDGER"
            echo "$line"
          done
`;

let project: Project;
afterEach(() => project.remove());

/** The lines of a step that are not the one expected next, counted from 1. */
function misplaced(lines: readonly Pick<LogLine, 'n'>[]): number[] {
  return lines.flatMap((line, index) => (line.n === index + 1 ? [] : [line.n]));
}

/** A command that follows a log. What it was killed in the midst of printing does not count. */
class Follower {
  readonly #process;
  #said = '';
  readonly ended: Promise<number | null>;

  constructor(run: string) {
    this.#process = project.start('workflow:logs', `--run-id=${run}`, '--follow', '--json');
    this.#process.stdout?.setEncoding('utf8').on('data', (chunk: string) => (this.#said += chunk));
    this.ended = new Promise((resolve) => this.#process.once('close', resolve));
  }

  get lines(): LogLine[] {
    const whole = this.#said.slice(0, this.#said.lastIndexOf('\n') + 1);
    return whole.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LogLine]));
  }

  /** Whether it has printed that many lines. */
  async has(count: number): Promise<void> {
    for (let seen = 0, from = 0; seen < count; ) {
      const next = this.#said.indexOf('\n', from);
      if (next >= 0) [seen, from] = [seen + 1, next + 1];
      else await wait(LOOK_MS);
    }
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.ended;
  }
}

describe('who follows a log', () => {
  it(`has every one of ${LINES} lines in order, however often a follower is killed (${FOLLOWER_KILLS} times)`, async () => {
    project = new Project({ '.kb/workflows/counting.yml': counting, gates: '.' });
    const gates = join(project.dir, 'gates');
    await DaemonProcess.start(project);
    const { id } = await project.json<RunView>('workflow:run', '--workflow-id=counting', '--detach', '-f', `gates=${gates}`);
    let open = 1;
    for (let kill = 0; kill < FOLLOWER_KILLS; kill += 1) {
      const follower = new Follower(id);
      // It comes late, prints what there is, and is killed among what comes next.
      const before = (open * LINES) / PORTIONS;
      await follower.has(before);
      appendFileSync(gates, '.');
      open += 1;
      await follower.has(before + Math.ceil((Math.random() * LINES) / PORTIONS));
      await follower.kill();
      const { lines } = follower;
      expect(lines.length).toBeGreaterThan(before);
      expect(misplaced(lines)).toEqual([]);
    }
    const last = new Follower(id);
    appendFileSync(gates, '.'.repeat(PORTIONS - open));
    expect(await last.ended).toBe(0);
    const { lines } = last;
    expect(lines).toHaveLength(LINES);
    expect(misplaced(lines)).toEqual([]);
    expect(lines.filter((line) => line.text !== String(line.n))).toEqual([]);

    expect(misplaced(lines.toSpliced(7, 1)).slice(0, 2), 'and the check can tell').toEqual([9, 10]);
    expect(misplaced(lines.toSpliced(7, 0, ...lines.slice(6, 7)))[0]).toBe(7);
  }, LIMIT_MS);
});

/** What a step had printed by an instant, as it wrote it down itself, and the log does not have. */
function missing(printed: readonly string[], kept: readonly string[], by: number): string[] {
  const there = new Set(kept);
  return printed.filter((line) => printedAt(line) <= by && !there.has(line));
}

/** When a line was printed: the first of a text. */
function printedAt(text: string): number {
  return Number(/^\d+ (\d+)/.exec(text)?.[1] ?? Infinity);
}

describe(`kill -9 of a worker`, () => {
  it(`costs the log of a step at most its last ${UNSAVED_MS} ms, and leaves no gap`, async () => {
    project = new Project({ '.kb/workflows/ticking.yml': ticking });
    const ledger = join(project.dir, 'ledger.txt');
    for (let kill = 0; kill < WORKER_KILLS; kill += 1) {
      appendFileSync(ledger, '');
      const daemon = await DaemonProcess.start(project);
      const { id } = await project.json<RunView>('workflow:run', '--workflow-id=ticking', '--detach', '-f', `ledger=${ledger}`);
      // Some of it has to be older than what may be missing.
      while (printedAt(readFileSync(ledger, 'utf8')) > Date.now() - 3 * UNSAVED_MS) await wait(LOOK_MS);
      const killedAt = Date.now();
      await daemon.kill('SIGKILL');
      const store = await openStore(join(project.dir, '.kb/state'));
      const { lines } = await store.logs.read(id as RunId, { limit: 10_000 });
      await store.close();
      const printed = readFileSync(ledger, 'utf8').trim().split('\n');
      const kept = lines.map((line) => line.text);
      expect(misplaced(lines)).toEqual([]);
      expect(kept).toEqual(printed.slice(0, kept.length));
      expect(missing(printed, kept, killedAt - UNSAVED_MS)).toEqual([]);
      expect(missing(printed, kept.slice(0, 1), killedAt - UNSAVED_MS), 'and the check can tell').not.toEqual([]);
      // The step goes on without its worker until this is gone; the run is over then.
      rmSync(ledger);
      await project.kb('workflow:cancel', `--run-id=${id}`);
      const { items } = await project.json<Page<RunSummaryView>>('workflow:list-runs');
      expect(items.map((run) => run.status)).toContain('cancelled');
    }
    expect(existsSync(ledger)).toBe(false);
  }, LIMIT_MS);
});
