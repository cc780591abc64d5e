import { setTimeout as delay } from 'node:timers/promises';

import type { Isolation, JsonObject, PlannedTarget } from '@kb-labs/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { canSandbox } from '../confine/can-sandbox.js';
import { allProcessIds, environmentOf, lookSince } from '../process-tree/process-list.js';
import { type Bench, openBench, type TargetRun } from './conformance.fixture.js';
import { type ContainerImage, containerImage } from './container-image.fixture.js';

const IS_FULL = process.env['KB_FAULTS'] === 'full';
const MIB = 1024 * 1024;

const sandbox = await canSandbox();
const container: ContainerImage = IS_FULL ? await containerImage() : { ok: false, problem: 'only with KB_FAULTS=full' };

const targets: readonly Isolation[] = ['worker-pool', 'subprocess', ...(sandbox.ok ? ['sandbox' as const] : []), ...(container.ok ? ['container' as const] : [])];
/** By default the two that every machine has, and one fault in a sandbox. */
const usual: readonly Isolation[] = IS_FULL ? targets : ['worker-pool', 'subprocess'];

let bench: Bench;
beforeAll(() => {
  bench = openBench({ killGraceMs: 300, execution: { pool: { processes: 2 } }, ...(container.ok ? { image: container.image, containerEnv: container.hostEnv } : {}) });
});
afterAll(() => bench.close());

/** Processes that this bench has started and that still run, without those the pool keeps. */
function left(): number[] {
  return allProcessIds().filter((pid) => environmentOf(pid)?.includes(bench.workspace.replace(/workspace$/, 'tmp')) === true && !isWarm(pid));
}

/** Those are started by this very process, and for no step. What they leave behind is a child of something else. */
function isWarm(pid: number): boolean {
  return environmentOf(pid)?.includes('KB_IDEMPOTENCY_KEY=') === false && lookSince({ newest: pid, ageMs: Infinity }, new Map()).rows.some((row) => row.pid === pid && row.parent === process.pid);
}

async function none(): Promise<number[]> {
  for (let looks = 0; looks < 200 && left().length > 0; looks += 1) await delay(10);
  return left();
}

interface Fault {
  readonly name: string;
  readonly handler: string;
  readonly input?: JsonObject;
  readonly target?: PlannedTarget;
  /** Ended from outside, once it says that it waits. */
  readonly isCancelled?: true;
  readonly outcome: object;
  readonly targets?: readonly Isolation[];
}

const died = (problem: string): object => ({ status: 'failed', retryable: true, error: { code: 'HANDLER_DIED', message: expect.stringContaining(problem) as string } });
const LIMITED: PlannedTarget = { mode: 'subprocess', memoryBytes: 96 * MIB };

/** In the process of the engine each of these ends the engine's worker, or, the endless loop, holds it up: that is what the other targets are for. */
const FAULTS: readonly Fault[] = [
  { name: 'ends its process', handler: 'exits', outcome: died('exit code 3') },
  { name: 'aborts its process', handler: 'aborts', outcome: { status: 'failed', error: { code: 'HANDLER_DIED' } } },
  { name: 'leaves a promise alone that fails', handler: 'rejectsAside', outcome: died('nobody waits for me') },
  { name: 'throws outside of its promise', handler: 'throwsAside', outcome: died('thrown aside') },
  { name: 'loops without an end', handler: 'loops', isCancelled: true, outcome: { status: 'aborted' } },
  { name: 'ignores that it was told to end', handler: 'ignoresAbort', isCancelled: true, outcome: { status: 'aborted' } },
  { name: 'ends when it is told to', handler: 'settlesOnAbort', isCancelled: true, outcome: { status: 'aborted' } },
  { name: 'has programs that ignore TERM', handler: 'execsOnAbort', isCancelled: true, outcome: { status: 'aborted' } },
  { name: 'has started processes itself', handler: 'spawnsOnAbort', isCancelled: true, outcome: { status: 'aborted' } },
  { name: 'takes more memory than it may', handler: 'takesMemory', target: LIMITED, outcome: { status: 'failed', retryable: false, error: { code: 'MEMORY_EXCEEDED' } }, targets: ['subprocess', 'sandbox'] },
  { name: 'prints without an end', handler: 'floods', input: { bytes: (IS_FULL ? 1_024 : 24) * MIB }, outcome: { status: 'success' } },
  // It never lets go of its thread, so all of it waits in its own memory, of which a container has 1 GiB.
  { name: 'logs without an end', handler: 'floodsLog', input: { bytes: (IS_FULL ? 256 : 24) * MIB }, outcome: { status: 'success' } },
];

async function runFault({ handler, input = {}, target, isCancelled }: Fault, isolation: Isolation): Promise<TargetRun> {
  const controller = new AbortController();
  const onLine = (text: string): void => {
    if (isCancelled === true && text === 'waiting') controller.abort(new Error('cancelled'));
  };
  return bench.run(isolation, handler, { input, signal: controller.signal, onLine, ...(target === undefined ? {} : { target }) });
}

describe('a handler that', () => {
  for (const fault of FAULTS) {
    const wanted = fault.targets ?? usual;
    const extra = sandbox.ok && ['loops', 'spawnsOnAbort'].includes(fault.handler) ? (['sandbox'] as const) : [];
    for (const isolation of new Set([...wanted.filter((each) => targets.includes(each)), ...extra])) {
      it(`${fault.name}, in ${isolation}: fails alone, and leaves nothing behind`, { timeout: 120_000 }, async () => {
        const [faulty, healthy] = await Promise.all([runFault(fault, isolation), bench.run('worker-pool', 'returns', { input: { word: 'unaffected' }, tenant: 'another' })]);
        expect(faulty.outcome).toMatchObject(fault.outcome);
        expect(healthy.outcome).toEqual({ status: 'success', outputs: { got: { word: 'unaffected', deep: { n: 1 } } } });
        expect(await none()).toEqual([]);
      });
    }
  }

  it('says in the log that it did not end when it was told to', async () => {
    const { lines } = await runFault({ name: '', handler: 'ignoresAbort', isCancelled: true, outcome: {} }, 'subprocess');
    expect(lines).toContainEqual({ stream: 'engine', level: 'warn', text: 'at:ignores-abort did not end 300 ms after it was told to: its process was ended' });
  });

  it('is not looked for in vain: what is left is seen while it runs', async () => {
    const controller = new AbortController();
    let seen: number[] = [];
    const onLine = (text: string): void => {
      if (text !== 'waiting') return;
      seen = left();
      controller.abort();
    };
    await bench.run('subprocess', 'settlesOnAbort', { signal: controller.signal, onLine });
    expect(seen.length).toBeGreaterThan(0);
  });
});

describe('what a handler does beside its work', () => {
  it('prints into the log of its step', async () => {
    for (const isolation of ['worker-pool', 'subprocess'] as const) {
      const { lines } = await bench.run(isolation, 'prints');
      expect(lines).toEqual(['to stdout', 'to stderr', 'no end'].map((text) => ({ stream: 'stdout', level: 'info', text })));
    }
  });

  it('prints more than a pipe takes, and by other means than those of Node: all of it is in the log of its step', async () => {
    const lines = 20_000;
    const numbers = Array.from({ length: lines }, (_, index) => String(index).padEnd(99, '.'));
    for (const isolation of ['worker-pool', 'subprocess'] as const) {
      const much = await bench.run(isolation, 'printsMuch', { input: { lines } });
      const programs = await bench.run(isolation, 'printsByPrograms');
      expect(much.lines.map(({ text }) => text)).toEqual(numbers);
      expect(programs.lines.map(({ text }) => text)).toEqual(['by a program', 'past Node']);
    }
  });

  it('prints faster than its lines are taken: they are there when it has ended', async () => {
    const onLine = (text: string): void | Promise<void> => (text.startsWith('1') ? delay(1) : undefined);
    const { lines } = await bench.run('worker-pool', 'printsMuch', { input: { lines: 200 }, onLine });
    expect(lines.length).toBe(200);
  });

  it('starts processes that end with it, and the log says so', async () => {
    for (const isolation of ['worker-pool', 'subprocess'] as const) {
      const { lines, outcome } = await bench.run(isolation, 'leaves');
      expect({ isolation, outcome, lines }).toEqual({ isolation, outcome: { status: 'success', outputs: {} }, lines: [{ stream: 'engine', level: 'info', text: 'ended what the handler had left running (processes: 1)' }] });
    }
    expect(await none()).toEqual([]);
  });

  it('fails after it has returned, which changes nothing', async () => {
    for (const isolation of ['worker-pool', 'subprocess'] as const) expect((await bench.run(isolation, 'failsAfterReturn')).outcome).toEqual({ status: 'success', outputs: { fine: true } });
    expect((await bench.run('worker-pool', 'returns')).outcome.status).toBe('success');
  });

  it('sees nothing of the environment of the engine but the base, what is granted and what is declared', async () => {
    const planted = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`PLANTED_${String(index)}`, `planted ${String(index)}`]));
    const own = openBench({ hostEnv: planted });
    try {
      const allowed = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'GRANTED', 'DECLARED', 'PWD', 'OLDPWD', 'SHLVL', '_', 'KB_IDEMPOTENCY_KEY', 'KB_STEP_TOKEN'];
      for (const isolation of targets.filter((each) => each !== 'container')) {
        const { env } = (await own.run(isolation, 'looksAround')).outcome.outputs as { env: Record<string, string> };
        expect({ isolation, names: Object.keys(env).filter((name) => !allowed.includes(name)) }).toEqual({ isolation, names: [] });
        expect(env['DECLARED']).toBe(isolation === 'worker-pool' ? undefined : 'declared');
        expect(JSON.stringify(env)).not.toContain('planted');
      }
      // The check can fail: the very process of the engine is full of other names.
      expect(Object.keys(process.env).filter((name) => !allowed.includes(name)).length).toBeGreaterThan(0);
    } finally {
      await own.close();
    }
  });
});
