import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { RunId, RunView } from '@kb-labs/contracts';
import { answerApproval, callBack, createWorker, followRun, listAudit, readLogs, sendSignal, startRun } from '@kb-labs/engine';
import { memoryLogger, startRedisServer } from '@kb-labs/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';

import { composeEngine, loadConfig } from '../../apps/daemon/src/index.js';
import { type Canary, newCanary } from '../../packages/engine/src/secret-canary.fixture.js';
import { bytesBelow, count, leakyProject, remove } from './leaky.fixture.js';

const canary = newCanary();

interface Leaked {
  readonly view: RunView;
  readonly stored: Buffer;
  readonly shown: string;
  readonly logged: string;
}

/** Runs the workflow that leaks wherever it can to its end, with answers that leak as well; what was stored, shown and logged by then. */
async function leak({ declared, redis }: { declared: boolean; redis: boolean }): Promise<Leaked> {
  const project = leakyProject(canary, { declared });
  const dir = redis ? mkdtempSync(join(tmpdir(), 'kb-leaky-redis-')) : undefined;
  const server = dir === undefined ? undefined : await startRedisServer({ dir, appendfsync: 'always', 'aof-use-rdb-preamble': 'no', 'maxmemory-policy': 'noeviction' });
  const env = { PATH: process.env['PATH'], HOME: project, KB_SECRET_CANARY: canary.value, ...(server === undefined ? {} : { KB_STATE_URL: server.url }) };
  const logger = memoryLogger();
  onTestFinished(async () => {
    await server?.stop();
    if (dir !== undefined) remove(dir);
    remove(project);
  });
  const composed = await composeEngine(await loadConfig({ projectRoot: project, env }), { env, logger });
  const { deps } = composed;
  const worker = createWorker(deps, { concurrency: 4 });
  let stored = Buffer.alloc(0);
  try {
    await worker.start();
    const { run } = await startRun(deps, { workflowId: 'leaks', input: {}, trigger: { type: 'manual', actor: 'ada', payload: null, branch: null, tag: null, sha: null } });
    const payload = Object.values(canary.forms).map((form) => form.toString());
    let view = run;
    const shown: string[] = [];
    const answered = new Set<string>();
    const answer = async (step: string, act: () => Promise<unknown>): Promise<void> => {
      if (answered.has(step)) return;
      answered.add(step);
      await act();
    };
    for await (const now of followRun(deps, run.id, AbortSignal.timeout(60_000))) {
      view = now;
      shown.push(...textsIn(now));
      for (const step of now.jobs.flatMap((job) => job.steps)) {
        if (step.waitsFor === undefined) continue;
        if (step.id === 'hear') await answer('hear', () => sendSignal(deps, { name: 'tell', payload, by: 'ada' }));
        if (step.id === 'called') await answer('called', () => callBack(deps, { token: deps.callbacks.urlOf(run.id as RunId).split('/').at(-1) ?? '', payload, by: 'ada' }));
        if (step.id === 'ask') await answer('ask', () => answerApproval(deps, { runId: run.id, step: 'ask', decision: 'approved', by: 'bob', comment: payload.join(' ') }));
      }
    }
    shown.push(...textsIn(await readLogs(deps, { runId: run.id, limit: 10_000 })), ...textsIn((await listAudit(deps, {})).items));
    // While it is open: what is in the log of changes of the file counts as well.
    stored = Buffer.concat([bytesBelow(join(project, '.kb/state')), ...(dir === undefined ? [] : [bytesBelow(dir)])]);
    return { view, stored, shown: shown.join('\n'), logged: textsIn(logger.entries).join('\n') };
  } finally {
    await worker.stop();
    await composed.close();
  }
}

/** As they are, and not as JSON would write them. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([name, member]) => [name, ...textsIn(member)]) : [];
}

const nowhere = (given: Canary, { stored, shown, logged }: Leaked) => ({ stored: count(given, stored), shown: count(given, Buffer.from(shown)), logged: count(given, Buffer.from(logged)) });

describe.each([['in a file', false], ['in Redis', true]])('a secret that leaks in nineteen forms, with the state %s', (_, redis) => {
  it('is nowhere in it, nor in what is shown and logged', async () => {
    const leaked = await leak({ declared: true, redis });
    const { view, stored } = leaked;
    expect([view.status, view.error]).toEqual(['success', undefined]);
    expect(view.jobs.flatMap((job) => job.steps).map(({ id, status }) => [id, status])).toEqual([
      ['leak', 'success'], ['plugin', 'success'], ['thrown', 'failed'], ['call', 'success'], ['gate', 'success'], ['skipped', 'skipped'], ['hear', 'success'], ['called', 'success'], ['ask', 'success'],
    ]);
    expect(nowhere(canary, leaked)).toEqual({ stored: {}, shown: {}, logged: {} });
    // Not the beginning of a form that was cut, nor the end of one.
    expect(stored.includes(canary.value.slice(0, 12))).toBe(false);
    expect(stored.includes(canary.value.slice(8, 20))).toBe(false);
    expect(stored.includes('***')).toBe(true);
    expect(leaked.shown).toContain('secret.use');
  }, 60_000);

  it('is found in nearly all forms where nothing takes it out', async () => {
    const leaked = await leak({ declared: false, redis });
    expect(leaked.view.status).toBe('success');
    const found = nowhere(canary, leaked);
    expect(Object.keys(found.stored).length).toBeGreaterThanOrEqual(14);
    expect(Object.keys(found.shown).length).toBeGreaterThanOrEqual(14);
  }, 60_000);
});
