import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { RunId } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { sized } from './fault-size.js';
import { type Host, Hosts, openStore, readLedgers } from './host.fixture.js';
import { disagreements } from './ledgers.js';

const KILLS = sized(2, 30);
const RUNS = sized(60, 3_000);
const STALL_MS = sized(1_200, 5_000);
const SOAK_RUNS = sized(40, 1_000);

const hosts = new Hosts();
afterEach(() => hosts.clear());

const newDir = (): string => hosts.newDir();
const startHost = (...args: string[]): Host => hosts.start(new URL('./engine-host.ts', import.meta.url), ...args);

describe('a process that is killed again and again', () => {
  it(`loses none of ${RUNS} and more runs that it acknowledged in ${KILLS} kills, and repeats no step that had ended`, async () => {
    const dir = newDir();
    const acknowledged: string[] = [];
    for (let kill = 0; kill < KILLS || acknowledged.length < RUNS; kill += 1) {
      const host = startHost('produce', dir);
      await host.until(/^ack/m);
      const timer = setTimeout(() => host.process.kill('SIGKILL'), 50 + Math.random() * 550);
      await host.ended;
      clearTimeout(timer);
      acknowledged.push(...host.acknowledged());
    }
    await startHost('work', dir).until(/^idle/m);
    const ledgers = await readLedgers(dir, acknowledged);
    expect(disagreements(ledgers)).toEqual([]);

    const [lost] = acknowledged;
    const journals = new Map(ledgers.journals);
    journals.delete(lost ?? '');
    expect(disagreements({ ...ledgers, journals })).toContain(`lost: ${lost ?? ''} was acknowledged and is gone`);
  }, sized(180_000, 400_000));
});

describe('without faults', () => {
  it(`${5 * SOAK_RUNS} steps are run exactly once each`, async () => {
    const dir = newDir();
    const host = startHost('soak', dir, '30000', String(SOAK_RUNS));
    await host.until(/^idle/m);
    const ledgers = await readLedgers(dir, host.acknowledged());
    expect(disagreements(ledgers)).toEqual([]);
    expect(ledgers.effects).toHaveLength(5 * SOAK_RUNS);
    expect(new Set(ledgers.effects).size).toBe(5 * SOAK_RUNS);
  }, 120_000);
});

describe('a process that is stopped for longer than its lease', () => {
  it('has its job taken over, and neither its result nor its log is accepted when it goes on', async () => {
    const dir = newDir();
    const sleepy = startHost('sleepy', dir, '300');
    const runId = (await sleepy.until(/asleep \S+/)).slice('asleep '.length) as RunId;
    sleepy.process.kill('SIGSTOP');
    const other = startHost('work', dir, '300');
    // It has to do the same step, and comes to wait at the same gate.
    await other.until(/asleep/);
    writeFileSync(join(dir, 'gate'), '');
    await other.until(/^idle/m);
    const before = await readLedgers(dir, [runId]);
    sleepy.process.kill('SIGCONT');
    await sleepy.until(/^idle/m);
    const after = await readLedgers(dir, [runId]);

    expect(after.journals.get(runId)).toEqual(before.journals.get(runId));
    expect(disagreements(after)).toEqual([]);
    expect(after.effects.filter((line) => line === `${runId} one b`)).toHaveLength(2);
    const store = await openStore(dir);
    const { lines } = await store.logs.read(runId, { limit: 100 });
    await store.close();
    expect(lines.map((line) => line.text)).toEqual([`line of ${String(other.process.pid)}`]);
  }, 60_000);

  it(`keeps its job while it is stopped for less: ${STALL_MS / 1_000} s of a lease of 30 s`, async () => {
    const dir = newDir();
    const sleepy = startHost('sleepy', dir, '30000');
    const runId = (await sleepy.until(/asleep \S+/)).slice('asleep '.length) as RunId;
    sleepy.process.kill('SIGSTOP');
    const other = startHost('soak', dir, '30000', '20');
    // The other one is busy with its own runs meanwhile, and must not touch this one.
    await wait(STALL_MS);
    while (other.acknowledged().length < 20) await other.until(/(ack \S+\n){20}/);
    sleepy.process.kill('SIGCONT');
    writeFileSync(join(dir, 'gate'), '');
    await Promise.all([sleepy.until(/^idle/m), other.until(/^idle/m)]);
    const ledgers = await readLedgers(dir, [runId]);
    expect(disagreements(ledgers)).toEqual([]);
    expect(ledgers.effects.filter((line) => line === `${runId} one b`)).toHaveLength(1);
  }, 60_000);
});
