import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { spawnSource } from '@kb-labs/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { ConfinedProgram } from '../confine/confinement.js';
import { type Bench, type BenchOptions, openBench } from './conformance.fixture.js';
import { HandlerPool } from './handler-pool.js';
import { HandlerProcess } from './handler-process.js';
import { endsWithParent, nodeCommand } from './node-command.js';
import { poolDefaults, type PoolSettings } from './settings.js';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

function open(pool: PoolSettings, options: BenchOptions = {}): Bench {
  bench = openBench({ ...options, execution: { pool } });
  return bench;
}

const start = (confined: Pick<ConfinedProgram, 'terminate'> = {}): HandlerProcess =>
  new HandlerProcess({ program: { ...endsWithParent(nodeCommand({ node: process.execPath, cwd: '/', env: { PATH: process.env['PATH'] ?? '' } })), ...confined }, limits: {} });

async function pidOf(each: Bench, handler = 'changesProcess', tenant = 'default'): Promise<unknown> {
  return (await each.run('worker-pool', handler, { tenant })).outcome.outputs['pid'];
}

describe('a process that is kept warm', () => {
  it('is given the next call of its plugin, without what the last one changed', async () => {
    const pool = open({ processes: 1 });
    const first = (await pool.run('worker-pool', 'changesProcess')).outcome.outputs;
    const second = (await pool.run('worker-pool', 'changesProcess')).outcome.outputs;
    expect(second).toEqual(first);
    expect(second).toMatchObject({ planted: null });
  });

  it('refuses what is left of a call that is over', async () => {
    const pool = open({ processes: 1 });
    await pool.run('worker-pool', 'goesOn');
    const { outcome, lines } = await pool.run('worker-pool', 'goesOn');
    expect(outcome).toMatchObject({ status: 'success', outputs: { late: 'INTERRUPTED' } });
    expect(lines).toEqual([]);
  });

  it('is not shared between tenants', async () => {
    const pool = open({ processes: 4 });
    expect(await pidOf(pool, 'changesProcess', 'one')).not.toBe(await pidOf(pool, 'changesProcess', 'two'));
  });

  it('is replaced after so many calls', async () => {
    const pool = open({ processes: 1, calls: 2 });
    const pids = [await pidOf(pool), await pidOf(pool), await pidOf(pool)];
    expect(pids[0]).toBe(pids[1]);
    expect(pids[2]).not.toBe(pids[0]);
  });

  it('is replaced when it is old, or too large', async () => {
    const old = open({ processes: 1, ageMs: 0 });
    expect(await pidOf(old)).not.toBe(await pidOf(old));
    await old.close();
    const large = open({ processes: 1, memoryBytes: 1024 * 1024 });
    expect(await pidOf(large)).not.toBe(await pidOf(large));
  });

  it('costs no other call when it is lost', async () => {
    const pool = open({ processes: 1 });
    const outcomes = await Promise.all(['returns', 'exits', 'returns', 'exits', 'returns'].map(async (handler) => (await pool.run('worker-pool', handler)).outcome.status));
    expect(outcomes).toEqual(['success', 'failed', 'success', 'failed', 'success']);
  });

  it('does not keep this process going when it has nothing to do', async () => {
    const held = (): number => process.getActiveResourcesInfo().filter((name) => ['PipeWrap', 'ProcessWrap', 'Timeout'].includes(name)).length;
    const pool = open({ processes: 1 });
    const before = held();
    await pidOf(pool);
    expect(held()).toBeLessThanOrEqual(before);
  });

  it('ends with the host', async () => {
    const pool = open({ processes: 1 });
    const pid = Number(await pidOf(pool));
    await pool.host.close();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe('a process of handlers', () => {
  it('is told to end as its room tells its programs', async () => {
    const told = vi.fn(() => Promise.resolve(false));
    const process = start({ terminate: told });
    expect(await process.end()).toMatchObject({ aborted: true });
    expect(told).toHaveBeenCalledOnce();
  });
});

describe('the pool', () => {
  const never = new AbortController().signal;

  it('keeps to its bounds, in all and for one plugin', async () => {
    const pool = new HandlerPool(poolDefaults({ processes: 3, processesPerPlugin: 2 }), start);
    const [a1, a2] = await Promise.all([pool.take('a', never), pool.take('a', never)]);
    let third: unknown;
    const waiting = pool.take('a', never).then((lease) => (third = lease));
    const b1 = await pool.take('b', never);
    await delay(20);
    expect([pool.size, third]).toEqual([3, undefined]);
    a1.giveBack();
    await waiting;
    expect(third).toMatchObject({ process: a1.process });
    for (const lease of [a2, b1]) lease.giveBack();
    await pool.close();
  });

  it('serves plugins in turn, not the one with the most calls first', async () => {
    const pool = new HandlerPool(poolDefaults({ processes: 1 }), start);
    const order: string[] = [];
    const call = async (key: string, name: string): Promise<void> => {
      const lease = await pool.take(key, never);
      order.push(name);
      await delay(1);
      lease.giveBack();
    };
    await Promise.all([call('a', 'a1'), call('a', 'a2'), call('a', 'a3'), call('a', 'a4'), call('b', 'b1'), call('c', 'c1')]);
    expect(order.indexOf('b1')).toBeLessThan(order.indexOf('a3'));
    expect(order.indexOf('c1')).toBeLessThan(order.indexOf('a4'));
    await pool.close();
  });

  it('lets those go who do not want to wait any more', async () => {
    const pool = new HandlerPool(poolDefaults({ processes: 1 }), start);
    const lease = await pool.take('a', never);
    const controller = new AbortController();
    const waiting = pool.take('a', controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    lease.giveBack();
    (await pool.take('a', never)).giveBack();
    await pool.close();
  });

  it('ends a process that was idle for long enough', async () => {
    const pool = new HandlerPool(poolDefaults({ processes: 1, idleMs: 10 }), start);
    const lease = await pool.take('a', never);
    lease.giveBack();
    await lease.process.ended;
    expect(pool.size).toBe(0);
  });

  it('starts the next process before one has had its calls, and gives it none as long as that lasts', async () => {
    const pool = new HandlerPool(poolDefaults({ processes: 2, calls: 10 }), start);
    const given: HandlerProcess[] = [];
    const sizes: number[] = [];
    for (let call = 0; call < 12; call += 1) {
      const lease = await pool.take('a', never);
      given.push(lease.process);
      await nextTurn();
      sizes.push(pool.size);
      lease.giveBack();
    }
    expect(given.map((each) => given.indexOf(each))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 10]);
    expect(sizes).toEqual([1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1]);
    await pool.close();
  });

  it('keeps to its bounds with those that come next', async () => {
    for (const bounds of [{ processes: 1 }, { processes: 2, processesPerPlugin: 1 }]) {
      const pool = new HandlerPool(poolDefaults({ ...bounds, calls: 2 }), start);
      const lease = await pool.take('a', never);
      await nextTurn();
      expect(pool.size).toBe(1);
      lease.giveBack();
      await pool.close();
    }
  });

  it('does not take the time of a call for idle time', async () => {
    const pool = new HandlerPool(poolDefaults({ processes: 1, idleMs: 10 }), start);
    const lease = await pool.take('a', never);
    await delay(50);
    expect([pool.size, lease.process.isUsable]).toEqual([1, true]);
    lease.giveBack();
    await lease.process.ended;
    expect(pool.size).toBe(0);
  });

  it('looks at the memory of a process after its first call, and of many short ones once they are over', async () => {
    let [bytes, looks] = [10, 0];
    const pool = new HandlerPool(poolDefaults({ processes: 1, memoryBytes: 100 }), start, () => {
      looks += 1;
      return bytes;
    });
    const lease = await pool.take('a', never);
    lease.giveBack();
    expect(looks).toBe(1);
    bytes = 101;
    const again = await pool.take('a', never);
    again.giveBack();
    // It had been looked at a moment before, or it is ended at once.
    expect(again.process).toBe(lease.process);
    await lease.process.ended;
    expect([pool.size, looks]).toEqual([0, 2]);
  });

  it('has room for another plugin when nobody uses what is there', async () => {
    const pool = new HandlerPool(poolDefaults({ processes: 1 }), start);
    const first = await pool.take('a', never);
    first.giveBack();
    const second = await pool.take('b', never);
    await first.process.ended;
    expect(pool.size).toBe(1);
    second.giveBack();
    await pool.close();
  });
});

describe('a module', () => {
  it('is looked for with the first call in a process that is kept warm', async () => {
    const pool = open({ processes: 1 });
    const counts: unknown[] = [];
    for (let calls = 0; calls < 3; calls += 1) counts.push((await pool.run('worker-pool', 'countsLookUps')).outcome.outputs['lookUps']);
    expect(counts).toEqual([0, 0, 0]);
  });

  it('is looked for with the first call in the engine', { timeout: 20_000 }, async () => {
    // In a process of its own: the one that runs tests finds modules in a way of its own.
    const { stdout } = spawnSource(fileURLToPath(new URL('./look-ups.fixture.ts', import.meta.url)), []);
    expect(stdout === null ? undefined : JSON.parse(await text(stdout))).toEqual([0, 0, 0]);
  });
});
