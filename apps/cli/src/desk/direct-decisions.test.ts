import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { composeEngine, type Composition, loadConfig } from '@kb-labs/daemon';
import { listAudit, verifyAudit } from '@kb-labs/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { userName } from '../project/user-name.js';
import { directDesk } from './direct-desk.js';
import type { RunDesk } from './run-desk.js';

let root: string;
let engine: Composition;
let desk: RunDesk;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'kb-desk-'));
  mkdirSync(join(root, '.kb/workflows'), { recursive: true });
  writeFileSync(join(root, '.kb/workflows/one.yml'), 'id: one\njobs: { one: { steps: [ { id: ok, uses: "builtin:wait", with: { callback: true } } ] } }\n');
  engine = await composeEngine(await loadConfig({ projectRoot: root, env: {} }), { env: process.env, writeLog: () => undefined });
  desk = directDesk(engine);
});
afterEach(async () => {
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

/** Without what every row has. The newest first. */
async function recorded(): Promise<unknown[]> {
  const { items } = await listAudit(engine.deps, {});
  return items.map(({ actor, action, target, outcome, details }) => [actor, action, target, outcome, details]);
}

describe('a decision on the state of a project', () => {
  it('is recorded before it is made, with who makes it', async () => {
    const { run } = await desk.start({ workflowId: 'one', input: {} });
    expect(await recorded(), 'the journal says who started a run').toEqual([]);
    const token = engine.deps.callbacks.urlOf(run.id as never).split('/').at(-1) ?? '';
    await desk.callBack({ token, payload: {} });
    await desk.cancel({ runId: run.id, note: 'a note' });
    const { runId } = await desk.rerun({ runId: run.id, mode: 'failed' });
    const me = userName();
    expect(await recorded()).toEqual([
      [me, 'rerunRun', run.id, 'asked', { mode: 'failed' }],
      [me, 'cancelRun', run.id, 'asked', {}],
      [me, 'callBack', run.id, 'asked', {}],
    ]);
    expect((await desk.read(runId)).rerunOf).toBe(run.id);
    expect(JSON.stringify(await listAudit(engine.deps, {}))).not.toContain(token);
    expect(await verifyAudit(engine.deps)).toMatchObject({ intact: true, rows: 3 });
  });

  it('is recorded again when it is refused', async () => {
    const { run } = await desk.start({ workflowId: 'one', input: {} });
    const answer = desk.answer({ runId: run.id, step: 'ok', decision: 'approved', as: 'ada' });
    await expect(answer).rejects.toMatchObject({ code: 'NOT_WAITING' });
    await expect(desk.signal({ name: 'nobody', payload: {} })).rejects.toMatchObject({ code: 'SIGNAL_UNHEARD' });
    await expect(desk.callBack({ token: 'guessed', payload: {} })).rejects.toMatchObject({ code: 'CALLBACK_UNKNOWN' });
    await expect(desk.cancel({ runId: 'nonsense' })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    const me = userName();
    const decision = { step: 'ok', decision: 'approved', account: me };
    expect(await recorded()).toEqual([
      [me, 'cancelRun', 'nonsense', 'refused', { code: 'RUN_NOT_FOUND' }],
      [me, 'cancelRun', 'nonsense', 'asked', {}],
      [me, 'callBack', '', 'refused', { code: 'CALLBACK_UNKNOWN' }],
      [me, 'callBack', '', 'asked', {}],
      [me, 'sendSignal', 'nobody', 'refused', { code: 'SIGNAL_UNHEARD' }],
      [me, 'sendSignal', 'nobody', 'asked', {}],
      ['ada', 'decideApproval', run.id, 'refused', { ...decision, code: 'NOT_WAITING' }],
      ['ada', 'decideApproval', run.id, 'asked', decision],
    ]);
  });
});
