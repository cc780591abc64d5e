import type { RunId } from '@kb-labs/contracts';
import { type EngineDeps, startRun } from '@kb-labs/engine';
import { startRedisServer } from '@kb-labs/testkit';
import { afterEach, describe, expect, it } from 'vitest';

import { sized } from './fault-size.js';
import { type Host, Hosts } from './host.fixture.js';
import { manual, openEngine, type OpenEngine } from './open-engine.js';
import { openRedisEngine } from './open-redis-engine.js';
import { WORK } from './start-work.js';

const KEYS = 20;
const POSTS = sized(25, 250);
const LIMIT_MS = sized(120_000, 300_000);

const hosts = new Hosts();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  hosts.clear();
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Site {
  readonly deps: EngineDeps;
  /** A process that asks for a run for each key, `POSTS` times at once. */
  posts(): Host;
  /** The fault, besides the death of a process that asks. */
  strike(): Promise<void>;
}

const options = (dir: string): OpenEngine => ({ dir, workflows: [WORK], run: () => Promise.reject(new Error('it runs no steps')) });
const program = new URL('./post-host.ts', import.meta.url);

const SITES: Readonly<Record<string, () => Promise<Site>>> = {
  'in a file': async () => {
    const dir = hosts.newDir();
    const { deps, store } = await openEngine(options(dir));
    closing.push(() => store.close());
    return { deps, posts: () => hosts.start(program, dir, String(KEYS), String(POSTS)), strike: () => Promise.resolve() };
  },
  'in Redis, which is killed as well': async () => {
    const dir = hosts.newDir();
    const server = await startRedisServer({ 'maxmemory-policy': 'noeviction', appendfsync: 'always' });
    closing.push(() => server.stop());
    const { deps, store } = await openRedisEngine(server.url, options(dir));
    closing.push(() => store.close());
    return {
      deps,
      posts: () => hosts.start(program, dir, String(KEYS), String(POSTS), server.url),
      async strike() {
        await server.kill();
        await server.restart();
      },
    };
  },
};

/** What clients were told, by key. */
function answersOf(all: readonly Host[]): Map<string, Set<string>> {
  const answers = new Map<string, Set<string>>();
  for (const [, key = '', run = ''] of all.flatMap((host) => [...host.said.matchAll(/^answer (\S+) (\S+)\n/gm)])) {
    answers.set(key, (answers.get(key) ?? new Set()).add(run));
  }
  return answers;
}

/** Keys of which clients hold more than one run, or another one than the state, and runs that no key led to. */
async function problemsOf(deps: EngineDeps, answers: ReadonlyMap<string, ReadonlySet<string>>): Promise<string[]> {
  const found: string[] = [];
  const told = new Set<string>();
  for (const [key, runs] of answers) {
    if (runs.size !== 1) found.push(`${key} stands for ${String(runs.size)} runs`);
    for (const run of runs) {
      told.add(run);
      const [first] = await deps.log.read(run as RunId, 0, 1);
      if (first?.type !== 'run.started' || first.idempotencyKey !== key) found.push(`${run} was not started for ${key}`);
    }
  }
  for (const { id } of await deps.catalog.listRuns({ limit: 100_000 })) if (!told.has(id)) found.push(`nobody was told of ${id}`);
  return found;
}

describe(`${KEYS} keys, for each of which runs are asked ${POSTS} times at once by each of three processes`, () => {
  it.each(Object.entries(SITES))('are a run each, also when a process is killed: %s', async (_, open) => {
    const { deps, posts, strike } = await open();
    const [victim, witness] = [posts(), posts()];
    await victim.until(new RegExp(`(^answer .*\\n){${String(KEYS + 1)}}`, 'm'));
    victim.process.kill('SIGKILL');
    await strike();
    const late = posts();
    await Promise.all([victim.ended, witness.until(/^done$/m), late.until(/^done$/m)]);
    expect(victim.said).not.toMatch(/^done$/m);

    const answers = answersOf([victim, witness, late]);
    expect(answers.size).toBe(KEYS);
    expect(await problemsOf(deps, answers)).toEqual([]);
    expect((await deps.catalog.listRuns({ limit: 100_000 })).length).toBe(KEYS);
    const other = startRun(deps, { workflowId: 'work', input: { held: true }, trigger: manual, idempotencyKey: 'key-0' });
    await expect(other, 'another request with a key that is known').rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });

    const { run } = await startRun(deps, { workflowId: 'work', input: { held: false }, trigger: manual });
    const doubled = new Map(answers).set('key-0', new Set([...(answers.get('key-0') ?? []), run.id]));
    expect(await problemsOf(deps, answers), 'and the check can tell').toEqual([`nobody was told of ${run.id}`]);
    expect(await problemsOf(deps, doubled)).toEqual(['key-0 stands for 2 runs', `${run.id} was not started for key-0`]);
  }, LIMIT_MS);
});
