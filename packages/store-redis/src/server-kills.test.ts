import { type RunId, toRunId } from '@kb-labs/contracts';
import { aCreate, aStepFinished, aStepStarted, aSummary, aTicket } from '@kb-labs/testkit';
import { expect, it } from 'vitest';

import { openRedisStore, type RedisStore } from './index.js';
import { type RedisServer, startRedisServer } from './redis-server.fixture.js';

const CLIENTS = 2;
const WRITERS = 4;
const EVENTS = 3;

/** What a writer was told: this run has at least so many events. */
type Ledger = Map<RunId, number>;

it('keeps what it acknowledged, and nothing by halves, while its server is killed again and again', async () => {
  const { acknowledged, problems } = await writeThroughKills({ appendfsync: 'always' }, 5);
  expect(problems).toEqual([]);
  expect(acknowledged).toBeGreaterThan(250);
}, 60_000);

it('keeps nothing by halves when its server syncs every second, and may lose what that server had not written yet', async () => {
  const { problems } = await writeThroughKills({ appendfsync: 'everysec' }, 2);
  expect(problems.filter((problem) => !problem.includes('acknowledged'))).toEqual([]);
}, 60_000);

it('is seen to lose what it acknowledged when its server keeps no file', async () => {
  const { problems } = await writeThroughKills({ appendonly: 'no' }, 1);
  expect(problems.length).toBeGreaterThan(0);
  expect(problems.join()).toMatch(/acknowledged/);
}, 60_000);

async function writeThroughKills(settings: Readonly<Record<string, string>>, kills: number): Promise<{ acknowledged: number; problems: string[] }> {
  const server = await startRedisServer(settings);
  const open = (): Promise<RedisStore> => openRedisStore({ connection: { url: server.url }, allowVolatile: true });
  const stores = await Promise.all(Array.from({ length: CLIENTS }, open));
  const ledger: Ledger = new Map();
  try {
    for (let kill = 0; kill < kills; kill += 1) await writeUntilKilled(server, stores, ledger);
    const acknowledged = [...ledger.values()].reduce((sum, seq) => sum + (seq - 1) / EVENTS, 0);
    return { acknowledged, problems: await problemsOf(stores, ledger) };
  } finally {
    for (const store of stores) await store.close();
    await server.stop();
  }
}

/** The moment is random, but counted in what was acknowledged and not in time. */
async function writeUntilKilled(server: RedisServer, stores: readonly RedisStore[], ledger: Ledger): Promise<void> {
  let left = 150 + Math.ceil(Math.random() * 150);
  let killed: Promise<void> | undefined;
  const acknowledge = (runId: RunId, seq: number): void => {
    ledger.set(runId, seq);
    left -= 1;
    if (left === 0) killed = server.kill();
  };
  await Promise.all(stores.flatMap((store) => Array.from({ length: WRITERS }, () => writeUntilRefused(store, acknowledge))));
  await killed;
  await server.restart();
}

/** Three events, a ticket and a summary that names the last event, in each append. */
async function writeUntilRefused(store: RedisStore, acknowledge: (runId: RunId, seq: number) => void): Promise<void> {
  const runId = toRunId(Array.from({ length: 26 }, () => String(Math.floor(Math.random() * 10))).join(''));
  try {
    await store.log.create(aCreate(runId));
    acknowledge(runId, 1);
    for (let seq = 1 + EVENTS; ; seq += EVENTS) {
      const events = [aStepStarted(), aStepFinished(), aStepFinished({ outputs: { text: 'x'.repeat(Math.floor(Math.random() * 3_000)) } })];
      const summary = aSummary(runId, { status: 'running', startedAt: seq });
      const result = await store.log.append({ runId, at: seq, events, summary, enqueue: [aTicket(runId, { turn: seq })] });
      if (!result.ok || result.seq !== seq) throw new Error(`append said ${JSON.stringify(result)}`);
      acknowledge(runId, seq);
    }
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'STATE_UNAVAILABLE' });
  }
}

async function problemsOf([store]: readonly RedisStore[], ledger: Ledger): Promise<string[]> {
  if (store === undefined) throw new Error('no store');
  await store.flushOutbox();
  const problems: string[] = [];
  const heads = new Map<string, number>();
  for (const summary of await store.catalog.listRuns({ limit: 10_000 })) {
    const runId = summary.id as RunId;
    const head = (await store.log.read(runId, 0)).length;
    heads.set(runId, head);
    if (head % EVENTS !== 1) problems.push(`${runId}: a part of an append, up to ${String(head)}`);
    if ((summary.startedAt ?? 1) !== head) problems.push(`${runId}: the summary knows ${String(summary.startedAt)} of ${String(head)}`);
    const tickets = await store.queue.ticketsOf(runId);
    if (tickets.length !== (head - 1) / EVENTS) problems.push(`${runId}: ${String(tickets.length)} tickets for ${String(head)} events`);
  }
  for (const [runId, seq] of ledger) {
    if ((heads.get(runId) ?? 0) < seq) problems.push(`${runId}: acknowledged ${String(seq)}, has ${String(heads.get(runId) ?? 0)}`);
  }
  return problems;
}
