import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { RunEvent, RunId } from '@kb-labs/contracts';
import { openEmbeddedStore } from '@kb-labs/store-embedded';
import { spawnSource } from '@kb-labs/testkit';
import { afterEach, describe, expect, it } from 'vitest';

import { disagreements, type Ledgers } from './ledgers.js';

const KILLS = 30;
const program = fileURLToPath(new URL('./engine-host.ts', import.meta.url));

const dirs: string[] = [];
const hosts = new Set<Host>();
afterEach(() => {
  for (const host of hosts) host.process.kill('SIGKILL');
  hosts.clear();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

function newDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'kb-host-'));
  dirs.push(dir);
  writeFileSync(join(dir, 'ledger.txt'), '');
  return dir;
}

class Host {
  readonly process;
  readonly ended: Promise<void>;
  said = '';
  #heard: (() => void)[] = [];

  constructor(...args: string[]) {
    this.process = spawnSource(program, args);
    this.process.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      this.said += chunk;
      for (const heard of this.#heard.splice(0)) heard();
    });
    this.process.stderr?.pipe(process.stderr);
    this.ended = new Promise((resolve) => {
      this.process.once('close', () => {
        hosts.delete(this);
        for (const heard of this.#heard.splice(0)) heard();
        resolve();
      });
    });
    hosts.add(this);
  }

  async until(what: RegExp): Promise<string> {
    for (;;) {
      const found = what.exec(this.said);
      if (found !== null) return found[0];
      if (this.process.exitCode !== null || this.process.signalCode !== null) throw new Error(`ended without saying ${what.source}:\n${this.said}`);
      await new Promise<void>((resolve) => this.#heard.push(resolve));
    }
  }

  acknowledged(): string[] {
    return [...this.said.matchAll(/^ack (\S+)\n/gm)].map((match) => match[1] ?? '');
  }
}

async function readLedgers(dir: string, acknowledged: readonly string[]): Promise<Ledgers> {
  const store = await openEmbeddedStore({ dir, clock: { now: () => Date.now(), after: () => () => undefined } });
  const journals = new Map<string, RunEvent[]>();
  for (const { id } of await store.catalog.listRuns({ limit: 100_000 })) journals.set(id, await store.log.read(id as RunId, 0));
  await store.close();
  return { acknowledged, effects: readFileSync(join(dir, 'ledger.txt'), 'utf8').split('\n').filter((line) => line !== ''), journals };
}

describe('a process that is killed again and again', () => {
  it(`loses none of the runs it acknowledged in ${KILLS} kills, and repeats no step that had ended`, async () => {
    const dir = newDir();
    const acknowledged: string[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const host = new Host('produce', dir);
      await host.until(/^ack/m);
      const timer = setTimeout(() => host.process.kill('SIGKILL'), 50 + Math.random() * 550);
      await host.ended;
      clearTimeout(timer);
      acknowledged.push(...host.acknowledged());
    }
    await new Host('work', dir).until(/^idle/m);
    const ledgers = await readLedgers(dir, acknowledged);
    expect(acknowledged.length).toBeGreaterThanOrEqual(3_000);
    expect(disagreements(ledgers)).toEqual([]);

    const [lost] = acknowledged;
    const journals = new Map(ledgers.journals);
    journals.delete(lost ?? '');
    expect(disagreements({ ...ledgers, journals })).toContain(`lost: ${lost ?? ''} was acknowledged and is gone`);
  }, 180_000);
});

describe('without faults', () => {
  it('5,000 steps are run exactly once each', async () => {
    const dir = newDir();
    const host = new Host('soak', dir, '30000', '1000');
    await host.until(/^idle/m);
    const ledgers = await readLedgers(dir, host.acknowledged());
    expect(disagreements(ledgers)).toEqual([]);
    expect(ledgers.effects).toHaveLength(5_000);
    expect(new Set(ledgers.effects).size).toBe(5_000);
  }, 120_000);
});

describe('a process that is stopped for longer than its lease', () => {
  it('has its job taken over, and neither its result nor its log is accepted when it goes on', async () => {
    const dir = newDir();
    const sleepy = new Host('sleepy', dir, '300');
    const runId = (await sleepy.until(/asleep \S+/)).slice('asleep '.length) as RunId;
    sleepy.process.kill('SIGSTOP');
    const other = new Host('work', dir, '300');
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
    const store = await openEmbeddedStore({ dir, clock: { now: () => Date.now(), after: () => () => undefined } });
    const { lines } = await store.logs.read(runId, { limit: 100 });
    await store.close();
    expect(lines.map((line) => line.text)).toEqual([`line of ${String(other.process.pid)}`]);
  }, 60_000);

  it('keeps its job while it is stopped for less', async () => {
    const dir = newDir();
    const sleepy = new Host('sleepy', dir, '60000');
    const runId = (await sleepy.until(/asleep \S+/)).slice('asleep '.length) as RunId;
    sleepy.process.kill('SIGSTOP');
    const other = new Host('soak', dir, '60000', '20');
    // The other one is busy with its own runs meanwhile, and must not touch this one.
    while (other.acknowledged().length < 20) await other.until(/(ack \S+\n){20}/);
    sleepy.process.kill('SIGCONT');
    writeFileSync(join(dir, 'gate'), '');
    await Promise.all([sleepy.until(/^idle/m), other.until(/^idle/m)]);
    const ledgers = await readLedgers(dir, [runId]);
    expect(disagreements(ledgers)).toEqual([]);
    expect(ledgers.effects.filter((line) => line === `${runId} one b`)).toHaveLength(1);
  }, 60_000);
});
