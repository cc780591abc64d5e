import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { text } from 'node:stream/consumers';

import { redisBlobs } from '@kb-labs/blobs/redis';
import type { RunEvent, RunId } from '@kb-labs/contracts';
import { type EngineDeps, readArtifact, readRun } from '@kb-labs/engine';
import { startRedisServer } from '@kb-labs/testkit';
import { afterEach, describe, expect, it } from 'vitest';

import { type Host, Hosts, readLedgersOf } from './host.fixture.js';
import { disagreements } from './ledgers.js';
import { TwoSidedNetwork, whyNoNetwork } from './network.fixture.js';
import { openRedisEngine } from './open-redis-engine.js';
import { startWork, WORK } from './start-work.js';

const LEASE_MS = 1_000;
const LOOK_MS = 20;
const LIMIT_MS = 120_000;

const hosts = new Hosts();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  hosts.clear();
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Site {
  readonly network: TwoSidedNetwork;
  readonly dir: string;
  /** The state as this process sees it. It carries nothing on. */
  readonly deps: EngineDeps;
  readonly run: RunId;
  /** The worker on the other side of the network. It is in the step that is held. */
  readonly far: Host;
  /** The worker on this side. It has come to the same step, after the cable was cut. */
  readonly near: Host;
}

/** Two workers on one server, one of which was cut off from it in the midst of a step, for longer than its lease. */
async function cutOff(fences: 'fenced' | 'unfenced' = 'fenced'): Promise<Site> {
  const network = new TwoSidedNetwork();
  closing.push(() => network.remove());
  const password = randomUUID();
  const server = await startRedisServer({
    'maxmemory-policy': 'noeviction',
    appendfsync: 'always',
    bind: `127.0.0.1 ${network.address}`,
    requirepass: password,
  });
  closing.push(() => server.stop());
  const urlAt = (address: string): string => `redis://:${password}@${address}:${String(server.port)}`;
  const url = urlAt('127.0.0.1');
  const dir = hosts.newDir();
  const { deps, store } = await openRedisEngine(url, { dir, workflows: [WORK], run: () => Promise.reject(new Error('it runs no steps')) });
  closing.push(() => store.close());
  const blobs = redisBlobs({ connection: { url } });
  closing.push(() => blobs.close());

  const program = new URL('./cut-off-host.ts', import.meta.url);
  const far = hosts.startThrough(network.inside, program, dir, urlAt(network.address), String(LEASE_MS), fences);
  await far.until(/^works$/m);
  const run = await startWork(deps, { idempotencyKey: 'held', held: true });
  await far.until(/^asleep/m);
  await until(async () => (await linesOf(deps, run)).length === 1);
  network.cut();
  const near = hosts.start(program, dir, url, String(LEASE_MS), 'fenced');
  await near.until(/^asleep/m);
  await until(async () => (await linesOf(deps, run)).length === 2);
  return { network, dir, deps: { ...deps, blobs }, run, far, near };
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await wait(LOOK_MS);
}

const allEnded = ({ deps }: Site): Promise<void> => until(async () => (await deps.catalog.openRuns({ limit: 1 })).length === 0);

async function linesOf(deps: EngineDeps, run: RunId): Promise<string[]> {
  return (await deps.logs.read(run, { limit: 1_000 })).lines.map((line) => line.text);
}

function wake({ dir, run }: Site, worker: Host, how: 'ask' | 'go'): void {
  // Whole at once: the other end looks for it all the time.
  const gate = join(dir, `gate-${run}-${String(worker.process.pid)}`);
  writeFileSync(`${gate}.new`, how);
  renameSync(`${gate}.new`, gate);
}

/** Everything that is kept of the run: its journal, its log, and the view with its artifacts. */
async function keptOf({ deps, run }: Site): Promise<unknown[]> {
  return [await deps.log.read(run, 0), await linesOf(deps, run), await readRun(deps, run)];
}

/** Who ended the step that both were in, for the journal, for the log and for the artifacts. */
async function authors({ deps, run, dir }: Site): Promise<{ results: unknown[]; lines: string[]; artifacts: string[]; begun: number }> {
  const journal = await deps.log.read(run, 0);
  const { effects } = await readLedgersOf(deps, dir, [run]);
  const { artifacts } = await readRun(deps, run);
  return {
    results: journal.flatMap((event: RunEvent) => (event.type === 'step.finished' && event.job === 'one' && event.step === 'b' && event.status === 'success' ? [event.outputs['pid']] : [])),
    lines: await linesOf(deps, run),
    artifacts: await Promise.all(artifacts.map(async ({ name }) => await text((await readArtifact(deps, { runId: run, name })).content))),
    begun: effects.filter((line) => line === `${run} one b`).length,
  };
}

const refusal = whyNoNetwork();

describe.skipIf(refusal !== undefined)(`a worker that is cut off from the server in the midst of a step${refusal === undefined ? '' : ` (skipped: ${refusal})`}`, () => {
  it.each(['is in the step itself', 'has ended the run'] as const)('is refused all it has to say when it is back while the other %s', async (then) => {
    const site = await cutOff();
    const { network, far, near } = site;
    const ended = then === 'has ended the run';
    if (ended) {
      wake(site, near, 'go');
      await allEnded(site);
    }
    const before = await keptOf(site);

    network.heal();
    wake(site, far, 'ask');
    const answers: unknown = JSON.parse(await far.until(/^\{.*\}$/m));
    expect(answers).toEqual({ renewed: 0, line: false, result: { ok: false, refused: 'fenced' } });
    await far.until(/^empty$/m);
    expect(await keptOf(site)).toEqual(before);

    if (!ended) wake(site, near, 'go');
    await allEnded(site);
    expect(disagreements(await readLedgersOf(site.deps, site.dir, [site.run]))).toEqual([]);
    const [late, other] = [far.process.pid, near.process.pid];
    expect(await authors(site)).toEqual({
      results: [other],
      lines: [`${String(late)} begins`, `${String(other)} begins`, `${String(other)} ends`],
      artifacts: [String(other)],
      begun: 2,
    });
  }, LIMIT_MS);

  it('is seen to double the outcome where nobody looks at leases', async () => {
    const site = await cutOff('unfenced');
    expect(disagreements(await readLedgersOf(site.deps, site.dir, [site.run]))).toEqual([`stuck: ${site.run} has no end`]);
    site.network.heal();
    wake(site, site.far, 'ask');
    expect(JSON.parse(await site.far.until(/^\{.*\}$/m))).toMatchObject({ renewed: 1, result: { ok: true } });
    expect(disagreements(await readLedgersOf(site.deps, site.dir, [site.run]))).toContain(`double: ${site.run} one 1 b 1 has two outcomes`);
  }, LIMIT_MS);
});
