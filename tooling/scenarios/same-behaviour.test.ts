import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { RunId } from '@kb-labs/contracts';
import { openEmbeddedStore } from '@kb-labs/store-embedded';
import { openRedisStore } from '@kb-labs/store-redis';
import { countingIds, fakeClock, type FakeClock, type RedisServer, startRedisServer, type StorePorts } from '@kb-labs/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { BREAKS, oldestFirst } from './broken-stores.js';
import { sized } from './fault-size.js';
import { StoreActor } from './store-actor.js';
import { type StoreCommand, storeCommands } from './store-commands.js';

const CASES = sized(80, 400);
/** Of these a difference is in at least one. */
const CONTROL_CASES = 200;
/** Nothing but a call makes a worker silent, and nothing happens between calls: they take no time on this clock. */
const NEVER_MS = 1e12;

type Open = (clock: FakeClock) => Promise<StorePorts & { close(): Promise<void> }>;

let server: RedisServer;
let dir: string;
let opened = 0;

beforeAll(async () => {
  server = await startRedisServer();
  dir = await mkdtemp(join(tmpdir(), 'kb-same-'));
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

const embedded: Open = (clock) => openEmbeddedStore({ dir: join(dir, String((opened += 1))), clock });
const redis: Open = (clock) =>
  openRedisStore({ connection: { url: server.url }, prefix: `case-${String((opened += 1))}`, clock, presenceMs: NEVER_MS, sweepMs: NEVER_MS });

/** What a comparison must have come across, so that it says something. */
const ANSWERS = [
  ...['conflict', 'fenced', 'closed', 'absent'].map((refused) => `append {"ok":false,"refused":"${refused}"`),
  ...['key-conflict', 'full'].map((refused) => `create {"ok":false,"refused":"${refused}"`),
  'log {"failed":"STATE_CORRUPT"',
  ...['take {"leases":[{', 'renew [{', 'renew []', 'list-runs [{', 'list-waits {"waits":[{', 'read [{', 'read-lines [{"lines":[{', 'open-runs ["'],
];

describe('the embedded store and the one in Redis', () => {
  it('answer alike and show the same afterwards, whatever they are asked', async () => {
    const met = new Set<string>();
    const answered = (command: StoreCommand, answer: unknown): void => {
      const text = `${command.do} ${JSON.stringify(answer)}`;
      for (const each of ANSWERS) if (text.startsWith(each)) met.add(each);
    };
    await fc.assert(fc.asyncProperty(storeCommands, (commands) => compare(commands, [embedded, redis], answered)), { numRuns: CASES });
    expect([...met].sort()).toEqual([...ANSWERS].sort());
  }, 120_000);
});

describe('the comparison', () => {
  it.each(Object.entries(BREAKS))('finds a store where %s', async (_, change) => {
    await expectFound(change, storeCommands);
  }, 60_000);

  it('finds a store where a backlog goes first, and finds nothing else in it', async () => {
    await expectFound(oldestFirst, storeCommands.map(withoutCaps));
    const oneTenant = storeCommands.map((commands) => withoutCaps(commands).map((each) => (each.do === 'create' ? { ...each, tenant: 'one' as const } : each)));
    const found = await check(oldestFirst, oneTenant, 20);
    expect(found.failed).toBe(false);
  }, 60_000);
});

type Change = (store: StorePorts) => Partial<StorePorts>;

function check(change: Change, lists: fc.Arbitrary<StoreCommand[]>, numRuns: number): Promise<fc.RunDetails<[StoreCommand[]]>> {
  const broken: Open = async (clock) => {
    const store = await embedded(clock);
    return { ...store, ...change(store) };
  };
  const property = fc.asyncProperty(lists, (commands) => compare(commands, [embedded, broken]));
  return Promise.resolve(fc.check(property, { numRuns, seed: 1, endOnFailure: true }));
}

async function expectFound(change: Change, lists: fc.Arbitrary<StoreCommand[]>): Promise<void> {
  const found = await check(change, lists, CONTROL_CASES);
  expect(found.failed).toBe(true);
  expect(found.errorInstance).toBeInstanceOf(assert.AssertionError);
}

function withoutCaps(commands: readonly StoreCommand[]): StoreCommand[] {
  return commands.map((each) => (each.do === 'take' ? { ...each, caps: undefined } : each));
}

/** Gives the commands to two stores in turn, each opened empty. Rejects at the first answer that is not the same. */
async function compare(
  commands: readonly StoreCommand[],
  kinds: readonly [Open, Open],
  answered: (command: StoreCommand, answer: unknown) => void = () => undefined,
): Promise<void> {
  const clock = fakeClock();
  const ids = countingIds();
  const runs: RunId[] = [];
  const cast = { clock, runs, workers: [ids.workerId(), ids.workerId(), ids.workerId()] };
  const stores = await Promise.all([kinds[0](clock), kinds[1](clock)]);
  const [one, other] = [new StoreActor(stores[0], cast), new StoreActor(stores[1], cast)];
  try {
    for (const [index, command] of commands.entries()) {
      if (command.do === 'advance') await clock.advance(command.ms);
      if (command.do === 'create' && command.again === undefined) runs.push(ids.runId());
      const [answer, otherAnswer] = await Promise.all([one.give(command), other.give(command)]);
      assert.deepEqual(otherAnswer, answer, `the answer to command ${String(index)}`);
      answered(command, answer);
    }
    assert.deepEqual(await other.observe(), await one.observe(), 'what is seen afterwards');
  } finally {
    for (const store of stores) await store.close();
  }
}
