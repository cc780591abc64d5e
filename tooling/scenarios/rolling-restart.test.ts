import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { RunEvent, RunId } from '@kb-labs/contracts';
import { type EngineDeps, startRun } from '@kb-labs/engine';
import { startRedisServer } from '@kb-labs/testkit';
import { afterEach, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { sized } from './fault-size.js';
import { gatedWorkflow } from './gated.fixture.js';
import { Hosts, readLedgersOf } from './host.fixture.js';
import { disagreements, type Ledgers } from './ledgers.js';
import { manual } from './open-engine.js';
import { openRedisEngine } from './open-redis-engine.js';
import { Project } from './project.fixture.js';

const ROUNDS = sized(1, 10);
const RUNS_BETWEEN_RESTARTS = 4;
/** So many are open at once: more than two workers carry at a time, so that a restart always meets some. */
const OPEN_RUNS = 8;
const LOOK_MS = 20;
const LIMIT_MS = sized(120_000, 480_000);

/** Steps write themselves down outside the engine, and which process started them. */
const note = 'echo "$KB_RUN_ID $KB_JOB_ID $KB_STEP_ID" >> "$LEDGER"; echo "$KB_RUN_ID $PPID" >> "$LEDGER.starters"';
const chain = `
id: chain
permissions: { shell: true }
env: { LEDGER: "\${{ inputs.ledger }}" }
inputs: { ledger: { type: string, required: true } }
defaults: { run: { shell: sh } }
jobs:
  one: { steps: [{ id: a, run: '${note}; sleep 0.05' }, { id: b, run: '${note}' }] }
  two: { needs: one, steps: [{ id: a, run: '${note}; sleep 0.05' }, { id: b, run: '${note}' }] }
`;
const gated = gatedWorkflow(note);

const hosts = new Hosts();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  hosts.clear();
});

/** Two machines with a daemon each, on one Redis server, and a client of it: this process, which carries nothing on. */
class Site {
  readonly daemons: DaemonProcess[] = [];
  readonly acknowledged: RunId[] = [];
  readonly deps: EngineDeps;
  readonly dir: string;
  readonly #args: readonly string[];
  readonly #machines: Project[] = [];
  #producing: Promise<void> | undefined;
  #loaded = true;

  private constructor(deps: EngineDeps, dir: string, args: readonly string[]) {
    this.deps = deps;
    this.dir = dir;
    this.#args = args;
  }

  static async open(...args: string[]): Promise<Site> {
    const server = await startRedisServer({ appendfsync: 'always', 'maxmemory-policy': 'noeviction' });
    closing.push(() => server.stop());
    const dir = hosts.newDir();
    const { deps, store } = await openRedisEngine(server.url, { dir, workflows: [chain, gated], run: () => Promise.reject(new Error('it runs no steps')) });
    closing.push(() => store.close());
    const site = new Site(deps, dir, args);
    for (const index of [0, 1]) {
      const machine = new Project({ '.kb/workflows/chain.yml': chain, '.kb/workflows/gated.yml': gated }, { KB_STATE_URL: server.url });
      closing.push(() => machine.remove());
      site.#machines.push(machine);
      await site.start(index);
    }
    return site;
  }

  get ledger(): string {
    return join(this.dir, 'ledger.txt');
  }

  async start(index: number): Promise<void> {
    const machine = this.#machines[index];
    if (machine === undefined) throw new Error('there is no such machine');
    this.daemons[index] = await DaemonProcess.start(machine, '--roles=worker,gateway', '--concurrency=4', ...this.#args);
  }

  /** The way a machine is updated: told to stop, waited for, started again. */
  async restart(index: number): Promise<void> {
    expect(await this.daemons[index]?.kill('SIGTERM')).toBe(0);
    await this.start(index);
  }

  async run(workflowId: string): Promise<RunId> {
    const { run } = await startRun(this.deps, { workflowId, input: { ledger: this.ledger }, trigger: manual });
    this.acknowledged.push(run.id as RunId);
    return run.id as RunId;
  }

  /** Starts a run whenever one ends, until `rest`. */
  load(): void {
    this.#producing = (async () => {
      while (this.#loaded) {
        if ((await this.#open()) < OPEN_RUNS) await this.run('chain');
        else await wait(LOOK_MS);
      }
    })();
    // Its failure is told by `rest`; until then nobody listens.
    this.#producing.catch(() => undefined);
  }

  /** Resolves with everything there is to compare when all runs have ended. */
  async rest(): Promise<Ledgers> {
    this.#loaded = false;
    await this.#producing;
    await until(async () => (await this.#open()) === 0);
    return await readLedgersOf(this.deps, this.dir, this.acknowledged);
  }

  async someMoreRuns(): Promise<void> {
    const before = this.acknowledged.length;
    await until(() => this.acknowledged.length >= before + RUNS_BETWEEN_RESTARTS);
  }

  /** Which machine started a step of a run. */
  async starterOf(run: RunId): Promise<number> {
    const file = `${this.ledger}.starters`;
    for (;;) {
      const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
      const pid = Number(lines.find((line) => line.startsWith(`${run} `))?.split(' ')[1]);
      // A daemon that starts many has a process of its own do it.
      const index = this.daemons.findIndex(({ child }) => child.pid === pid || child.pid === parentOf(pid));
      if (index >= 0) return index;
      await wait(LOOK_MS);
    }
  }

  async #open(): Promise<number> {
    return (await this.deps.catalog.openRuns({ limit: 100 })).length;
  }
}

/** By `/proc`, and so on Linux. */
function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await wait(LOOK_MS);
}

const isCut = (event: RunEvent): boolean => event.type === 'step.finished' && event.status === 'interrupted';

/** The steps that were stopped by the end of their worker, once for each time. */
function cutSteps({ journals }: Ledgers): string[] {
  return [...journals].flatMap(([run, events]) => events.flatMap((event) => (event.type === 'step.finished' && isCut(event) ? [`${run} ${event.job} ${event.step}`] : [])));
}

/** The steps that began more often than they were stopped and begun anew. */
function doneAgain(ledgers: Ledgers): string[] {
  const cuts = Map.groupBy(cutSteps(ledgers), (step) => step);
  const begun = Map.groupBy(ledgers.effects, (step) => step);
  return [...begun].flatMap(([step, times]) => (times.length > 1 + (cuts.get(step)?.length ?? 0) ? [step] : []));
}

function notSuccessful({ journals }: Ledgers): string[] {
  return [...journals].flatMap(([run, events]) => {
    const last = events.at(-1);
    return last?.type === 'run.finished' && last.status === 'success' ? [] : [run];
  });
}

describe('two daemons that are restarted in turn', () => {
  it(`lose nothing and do no step twice, under load (rounds: ${ROUNDS})`, async () => {
    const site = await Site.open();
    site.load();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const index of [0, 1]) {
        await site.someMoreRuns();
        await site.restart(index);
      }
    }
    const ledgers = await site.rest();
    expect(ledgers.acknowledged.length).toBeGreaterThanOrEqual(2 * ROUNDS * RUNS_BETWEEN_RESTARTS);
    expect(disagreements(ledgers)).toEqual([]);
    expect(notSuccessful(ledgers)).toEqual([]);
    expect(cutSteps(ledgers), 'every step had the time it needed').toEqual([]);
    expect(doneAgain(ledgers)).toEqual([]);
    expect(ledgers.effects).toHaveLength(4 * ledgers.acknowledged.length);

    const workers = new Set([...ledgers.journals.values()].flat().flatMap((event) => (event.type === 'job.started' ? [event.worker] : [])));
    expect(workers.size, 'daemons of several lives have worked').toBeGreaterThan(ROUNDS);
    expect(doneAgain({ ...ledgers, effects: [...ledgers.effects, ...ledgers.effects.slice(0, 1)] }), 'and the check can tell').toEqual(ledgers.effects.slice(0, 1));
  }, LIMIT_MS);

  it(`stop only the steps that take longer than they may, and those are done again once, under load (rounds: ${ROUNDS})`, async () => {
    const site = await Site.open('--drain-timeout=2');
    site.load();
    const held: RunId[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await site.someMoreRuns();
      const run = await site.run('gated');
      held.push(run);
      const index = await site.starterOf(run);
      expect(await site.daemons[index]?.kill('SIGTERM')).toBe(0);
      // The other machine is in the same step by now, or will be.
      writeFileSync(`${site.ledger}.gate`, '');
      await until(async () => (await site.deps.catalog.getRun(run))?.finishedAt !== null);
      rmSync(`${site.ledger}.gate`);
      await site.start(index);
    }
    const ledgers = await site.rest();
    expect(disagreements(ledgers)).toEqual([]);
    expect(notSuccessful(ledgers)).toEqual([]);
    expect(doneAgain(ledgers)).toEqual([]);
    const heldSteps = held.map((run) => `${run} one a`);
    expect(cutSteps(ledgers)).toEqual(expect.arrayContaining(heldSteps));
    for (const step of heldSteps) expect(ledgers.effects.filter((line) => line === step)).toHaveLength(2);

    const forgotten = new Map([...ledgers.journals].map(([run, events]) => [run, events.filter((event) => !isCut(event))]));
    expect(doneAgain({ ...ledgers, journals: forgotten }), 'and the check can tell').toEqual(expect.arrayContaining(heldSteps));
  }, LIMIT_MS);
});
