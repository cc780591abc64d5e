import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { RunEvent, RunId } from '@kb-labs/contracts';
import type { EngineDeps } from '@kb-labs/engine';
import { type RedisServer, startRedisServer } from '@kb-labs/testkit';
import { afterEach, describe, expect, it } from 'vitest';

import { sized } from './fault-size.js';
import { type Host, Hosts, readLedgersOf } from './host.fixture.js';
import { disagreements, type Ledgers } from './ledgers.js';
import { openRedisEngine } from './open-redis-engine.js';
import { startWork, WORK } from './start-work.js';

const RUNS = sized(60, 4_000);
const SERVER_KILLS = sized(2, 5);
const WORKER_KILLS = sized(1, 10);
const SOAK_RUNS = sized(30, 1_000);
const LEASE_MS = 1_500;
const SHORT_LEASE_MS = 1_000;
/** Of a worker, for what nobody told it of. */
const CHECK_MS = 1_000;
const TAKEOVER_WITHIN_MS = SHORT_LEASE_MS + CHECK_MS + 1_000;
const LONG_LEASE_MS = 30_000;
const STALL_MS = sized(1_200, 5_000);
/** Each of four producers: workers keep up with that, so that what is held does not wait behind a backlog. */
const PAUSE_MS = 100;
const RUNS_BETWEEN_KILLS = 10;
const OUTAGE_RUNS = sized(20, 200);
const OUTAGE_MS = sized(1_000, 3_000);
const LOOK_MS = 20;
const LIMIT_MS = sized(240_000, 480_000);

const hosts = new Hosts();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  hosts.clear();
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Site {
  readonly server: RedisServer;
  readonly dir: string;
  /** The state as this process sees it. It carries nothing on. */
  readonly deps: EngineDeps;
  worker(leaseMs?: number): Promise<Host>;
  producer(runs: number, pauseMs?: number): Host;
  /** Lets a worker go on with the step in which it was held: it writes a line to its log first, or comes to its end in silence. */
  wake(run: RunId, worker: Host, how: 'log' | 'silent'): void;
}

async function openSite(settings: Readonly<Record<string, string>> = { appendfsync: 'always' }): Promise<Site> {
  const server = await startRedisServer({ 'maxmemory-policy': 'noeviction', ...settings });
  closing.push(() => server.stop());
  const dir = hosts.newDir();
  const { deps, store } = await openRedisEngine(server.url, { dir, workflows: [WORK], run: () => Promise.reject(new Error('it runs no steps')) });
  closing.push(() => store.close());
  const program = new URL('./redis-host.ts', import.meta.url);
  return {
    server,
    dir,
    deps,
    async worker(leaseMs = LEASE_MS) {
      const host = hosts.start(program, 'work', dir, server.url, String(leaseMs));
      await host.until(/^works$/m);
      return host;
    },
    producer: (runs, pauseMs = 0) => hosts.start(program, 'produce', dir, server.url, String(runs), String(pauseMs)),
    wake(run, worker, how) {
      // Whole at once: the other end looks for it all the time.
      const gate = join(dir, `gate-${run}-${String(worker.process.pid)}`);
      writeFileSync(`${gate}.new`, how);
      renameSync(`${gate}.new`, gate);
    },
  };
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await wait(LOOK_MS);
}

function acknowledges(producer: Host, runs: number): Promise<void> {
  return until(() => {
    const { length } = producer.acknowledged();
    if (length < runs && producer.process.exitCode !== null) throw new Error(`ended after ${length} runs`);
    return length >= runs;
  });
}

const allEnded = ({ deps }: Site): Promise<void> => until(async () => (await deps.catalog.openRuns({ limit: 1 })).length === 0);

/** The server is killed when so many runs were acknowledged, in the midst of the others, and is away for a time. */
async function killServer({ server }: Site, producer: Host, options: { after: number; awayMs?: number }): Promise<void> {
  await acknowledges(producer, options.after);
  await server.kill();
  if (options.awayMs !== undefined) await wait(options.awayMs);
  await server.restart();
}

async function workThroughKills(site: Site, options: { runs: number; kills: number; awayMs?: number }): Promise<Ledgers> {
  const { runs, kills, ...rest } = options;
  const workers = [await site.worker(), await site.worker()];
  const producer = site.producer(runs);
  const share = Math.floor(runs / (kills + 1));
  for (let kill = 0; kill < kills; kill += 1) await killServer(site, producer, { after: kill * share + Math.ceil(Math.random() * share), ...rest });
  await producer.until(/^produced$/m);
  await allEnded(site);
  expect(workers.map(({ process }) => process.exitCode), 'the workers are those that began').toEqual([null, null]);
  return await readLedgersOf(site.deps, site.dir, producer.acknowledged());
}

/** The processes whose successes in one job were accepted, by the numbers they gave as outputs. */
function workersOf(events: readonly RunEvent[] | undefined, job: string): unknown[] {
  return (events ?? []).flatMap((event) => (event.type === 'step.finished' && event.status === 'success' && event.job === job ? [event.outputs['pid']] : []));
}

describe('a Redis server that is killed', () => {
  it(`loses none of ${RUNS} acknowledged runs in ${SERVER_KILLS} kills, and each ends, with one outcome`, async () => {
    const site = await openSite();
    const ledgers = await workThroughKills(site, { runs: RUNS, kills: SERVER_KILLS });
    expect(new Set(ledgers.acknowledged).size).toBe(RUNS);
    expect(disagreements(ledgers)).toEqual([]);
    expect(ledgers.journals.size, 'a run that was asked for again was not started twice').toBe(RUNS);
  }, LIMIT_MS);

  it('is seen to lose runs when it keeps no file', async () => {
    const site = await openSite({ appendonly: 'no' });
    const producer = site.producer(40);
    await producer.until(/^produced$/m);
    expect((await readLedgersOf(site.deps, site.dir, [])).journals.size).toBe(40);
    await site.server.kill();
    await site.server.restart();
    const ledgers = await readLedgersOf(site.deps, site.dir, producer.acknowledged());
    expect(disagreements(ledgers)).toEqual(ledgers.acknowledged.map((run) => `lost: ${run} was acknowledged and is gone`));
    expect(ledgers.acknowledged).toHaveLength(40);
  }, LIMIT_MS);

  it(`is waited for: after ${OUTAGE_MS / 1_000} s without it the same processes go on`, async () => {
    const site = await openSite();
    const ledgers = await workThroughKills(site, { runs: OUTAGE_RUNS, kills: 1, awayMs: OUTAGE_MS });
    expect(new Set(ledgers.acknowledged).size).toBe(OUTAGE_RUNS);
    expect(disagreements(ledgers)).toEqual([]);
    expect(ledgers.journals.size).toBe(OUTAGE_RUNS);
  }, LIMIT_MS);
});

describe('workers that share a Redis server', () => {
  it(`take over what another was doing when it was killed, ${WORKER_KILLS} times under load, and nothing has two outcomes`, async () => {
    const site = await openSite();
    let workers: Host[] = await Promise.all([site.worker(SHORT_LEASE_MS), site.worker(SHORT_LEASE_MS)]);
    const producer = site.producer(Number.MAX_SAFE_INTEGER, PAUSE_MS);
    const held: { run: RunId; victim: number | undefined; killedAt: number }[] = [];
    for (let kill = 0; kill < WORKER_KILLS; kill += 1) {
      await acknowledges(producer, producer.acknowledged().length + RUNS_BETWEEN_KILLS);
      const run = await startWork(site.deps, { idempotencyKey: `held-${kill}`, held: true });
      const sleeper = async (among: readonly Host[]): Promise<Host> => {
        for (;;) {
          const found = among.find((host) => host.said.includes(`asleep ${run}\n`));
          if (found !== undefined) return found;
          await wait(LOOK_MS);
        }
      };
      const victim = await sleeper(workers);
      victim.process.kill('SIGKILL');
      const killedAt = Date.now();
      await victim.ended;
      workers = [...workers.filter((one) => one !== victim), await site.worker(SHORT_LEASE_MS)];
      await sleeper(workers);
      for (const one of workers) site.wake(run, one, 'log');
      held.push({ run, victim: victim.process.pid, killedAt });
    }
    producer.process.kill('SIGKILL');
    await producer.ended;
    await allEnded(site);

    const ledgers = await readLedgersOf(site.deps, site.dir, [...producer.acknowledged(), ...held.map(({ run }) => run)]);
    expect(ledgers.acknowledged.length).toBeGreaterThanOrEqual(WORKER_KILLS * (RUNS_BETWEEN_KILLS + 1));
    expect(disagreements(ledgers)).toEqual([]);
    expect(new Set(held.map(({ victim }) => victim)).size).toBe(WORKER_KILLS);
    for (const { run, victim, killedAt } of held) {
      const takenOver = (ledgers.journals.get(run) ?? []).findLast((event) => event.type === 'step.started' && event.job === 'one' && event.step === 'b');
      expect((takenOver?.at ?? Infinity) - killedAt, 'milliseconds until another was in the step').toBeLessThanOrEqual(TAKEOVER_WITHIN_MS);
      const successes = workersOf(ledgers.journals.get(run), 'one');
      expect(successes).toHaveLength(2);
      expect(successes.at(-1), 'what the victim was killed in was done by another').not.toBe(victim);
      expect(ledgers.effects.filter((line) => line === `${run} one b`).length).toBeGreaterThanOrEqual(2);
    }

    const [run, events = []] = [...ledgers.journals].at(-1) ?? [''];
    const twice = new Map(ledgers.journals).set(run, [...events, ...events.filter((event) => event.type === 'step.finished')]);
    expect(disagreements({ ...ledgers, journals: twice }), 'and the check can tell').toContain(`double: ${run} one 1 a 1 has two outcomes`);
  }, LIMIT_MS);

  it(`leave one alone that stands still for ${STALL_MS / 1_000} s of its lease of ${LONG_LEASE_MS / 1_000} s`, async () => {
    const site = await openSite();
    const still = await site.worker(LONG_LEASE_MS);
    const run = await startWork(site.deps, { idempotencyKey: 'held', held: true });
    await still.until(/^asleep/m);
    still.process.kill('SIGSTOP');
    const other = await site.worker(LONG_LEASE_MS);
    const producer = site.producer(20);
    await wait(STALL_MS);
    await producer.until(/^produced$/m);
    expect(other.said, 'it has done all there was to do').not.toContain('asleep');
    still.process.kill('SIGCONT');
    site.wake(run, still, 'log');
    await allEnded(site);
    const ledgers = await readLedgersOf(site.deps, site.dir, [run, ...producer.acknowledged()]);
    expect(disagreements(ledgers)).toEqual([]);
    expect(ledgers.effects.filter((line) => line === `${run} one b`)).toHaveLength(1);
    expect(workersOf(ledgers.journals.get(run), 'one')).toEqual([still.process.pid, still.process.pid]);
  }, LIMIT_MS);

  it(`do each of ${5 * SOAK_RUNS} steps exactly once when nothing fails`, async () => {
    const site = await openSite();
    await Promise.all([site.worker(LONG_LEASE_MS), site.worker(LONG_LEASE_MS)]);
    const producer = site.producer(SOAK_RUNS);
    await producer.until(/^produced$/m);
    await allEnded(site);
    const ledgers = await readLedgersOf(site.deps, site.dir, producer.acknowledged());
    expect(disagreements(ledgers)).toEqual([]);
    expect(ledgers.effects).toHaveLength(5 * SOAK_RUNS);
    expect(new Set(ledgers.effects).size).toBe(5 * SOAK_RUNS);
  }, LIMIT_MS);

  it('refuse the late log and the late result of one that was stopped for longer than its lease', async () => {
    const site = await openSite();
    const sleepy = await site.worker();
    const held = await Promise.all((['log', 'silent'] as const).map(async (how) => ({ how, run: await startWork(site.deps, { idempotencyKey: how, held: true }) })));
    const inBoth = new RegExp(`(^asleep .*\\n){${held.length}}`, 'm');
    await sleepy.until(inBoth);
    sleepy.process.kill('SIGSTOP');
    const other = await site.worker();
    await other.until(inBoth);
    const journals = (): Promise<RunEvent[][]> => Promise.all(held.map(({ run }) => site.deps.log.read(run, 0)));
    const before = await journals();

    // The runs are open, and the other worker in the same steps: nothing but the lease keeps the late one out.
    for (const { run, how } of held) site.wake(run, sleepy, how);
    sleepy.process.kill('SIGCONT');
    await sleepy.until(/^empty$/m);
    expect(await journals()).toEqual(before);
    for (const { run } of held) expect((await site.deps.logs.read(run, { limit: 100 })).lines).toEqual([]);

    for (const { run } of held) site.wake(run, other, 'log');
    await allEnded(site);
    const after = await readLedgersOf(site.deps, site.dir, held.map(({ run }) => run));
    expect(disagreements(after)).toEqual([]);
    for (const { run } of held) {
      expect(after.effects.filter((line) => line === `${run} one b`)).toHaveLength(2);
      expect(workersOf(after.journals.get(run), 'one')).toEqual([sleepy.process.pid, other.process.pid]);
      const { lines } = await site.deps.logs.read(run, { limit: 100 });
      expect(lines.map((line) => line.text)).toEqual([`line of ${String(other.process.pid)}`]);
    }
  }, LIMIT_MS);
});
