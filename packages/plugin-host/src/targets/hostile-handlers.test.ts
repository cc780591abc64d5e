import { spawn } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { canSandbox } from '../confine/can-sandbox.js';
import { alive } from '../process-tree/live-processes.fixture.js';
import { type Bench, openBench } from './conformance.fixture.js';
import { type Servers, startServers } from './conformance-servers.fixture.js';

const sandbox = await canSandbox();

let bench: Bench;
let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
  bench = openBench({ killGraceMs: 300, execution: { pool: { processes: 1 } } });
});
afterAll(async () => {
  await bench.close();
  await servers.close();
});

describe('a handler that speaks to the engine itself', () => {
  it.each([
    ['writesNoise', 'HANDLER_DIED', 'does not keep to the protocol'],
    ['writesHugeLength', 'HANDLER_DIED', 'does not keep to the protocol'],
    ['answersItself', 'HANDLER_DIED', 'an answer of an unknown kind'],
    ['answersAnything', 'OUTPUT_INVALID', 'a handler returns an object, not an array'],
  ])('%s: costs its own process, not the engine', async (handler, code, message) => {
    for (const isolation of ['worker-pool', 'subprocess'] as const) {
      const { outcome } = await bench.run(isolation, handler);
      expect(outcome).toMatchObject({ status: 'failed', error: { code, message: expect.stringContaining(message) as string } });
    }
    expect((await bench.run('worker-pool', 'returns')).outcome.status).toBe('success');
  });

  it('answers before it has ended: that is no answer', async () => {
    for (const isolation of ['worker-pool', 'subprocess'] as const) {
      expect((await bench.run(isolation, 'answersTooEarly')).outcome).toEqual({ status: 'success', outputs: { early: false } });
    }
  });

  it('breaks the protocol behind its answer: its process is not given the next call', async () => {
    for (let times = 0; times < 3; times += 1) {
      expect((await bench.run('worker-pool', 'answersWithNoise')).outcome).toEqual({ status: 'success', outputs: {} });
      expect((await bench.run('worker-pool', 'returns')).outcome.status).toBe('success');
    }
  });

  it('asks for what is not there, for things of other calls, and with other arguments, and gets nothing', async () => {
    const { outcome, lines, progress } = await bench.run('subprocess', 'asksForTheUnknown');
    expect({ outcome, lines, progress }).toEqual({ outcome: { status: 'success', outputs: { fine: true } }, lines: [], progress: [] });
  });
});

describe('what can be had around the context', () => {
  const reach = async (isolation: 'subprocess' | 'sandbox') => {
    const outside = join(dirname(bench.workspace), 'outside.txt');
    writeFileSync(outside, 'outside');
    rmSync(`${outside}.written`, { force: true });
    const { outcome } = await bench.run(isolation, 'reachesOut', { input: { outside, port: servers.echo } });
    return { outcome, written: existsSync(`${outside}.written`) };
  };

  it('is all that this user can, in a plain subprocess', async () => {
    expect(await reach('subprocess')).toEqual({
      outcome: {
        status: 'success',
        outputs: { readsOutside: 'done', readsHidden: 'done', listsWorkspace: 'done', connects: 'done', programReadsOutside: 'done', programReadsWorkspace: 'hidden' },
      },
      written: true,
    });
  });

  it.runIf(sandbox.ok)('is nothing in a sandbox; programs that are granted have the workspace', async () => {
    expect(await reach('sandbox')).toEqual({
      outcome: {
        status: 'success',
        outputs: {
          readsOutside: 'not possible',
          readsHidden: 'not possible',
          listsWorkspace: 'not possible',
          connects: 'not possible',
          programReadsOutside: 'not possible',
          programReadsWorkspace: 'hidden',
        },
      },
      written: false,
    });
  });
});

describe('an engine that is killed', () => {
  it('takes its handlers with it, the ones that never look around as well', { timeout: 30_000 }, async () => {
    const [hook, engine] = ['./handler/from-source.mjs', './fixtures/killed-engine.mjs'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
    const child = spawn(process.execPath, ['--conditions=@kb-labs/source', '--disable-warning=ExperimentalWarning', '--import', String(hook), String(engine)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((started) => child.stdout.once('data', (chunk: Buffer) => started(Number(chunk.toString('utf8')))));
    expect(alive([pid])).toEqual([pid]);
    child.kill('SIGKILL');
    await vi.waitFor(() => expect(alive([pid])).toEqual([]), { timeout: 10_000, interval: 20 });
  });
});
