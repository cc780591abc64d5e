import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import type { RunId } from '@kb-labs/contracts';
import { composeEngine, type Composition, loadConfig } from '@kb-labs/daemon';
import { answerApproval, cancelRun, readRun, startRun } from '@kb-labs/engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { directDesk } from '../desk/direct-desk.js';
import { userName } from '../project/user-name.js';
import { createTerminal } from '../terminal/terminal.js';
import { attendRun } from './attend-run.js';
import { toKnownRunId } from './known-run-id.js';
import { livePresenter } from './live-presenter.js';

/** One approval for anybody, with a form, and one for others only. */
const SHIP = `id: ship
jobs:
  mine:
    outputs: { region: "\${{ steps.ok.outputs.region }}", by: "\${{ steps.ok.outputs.approver }}", comment: "\${{ steps.ok.outputs.comment }}" }
    steps:
      - id: ok
        uses: builtin:approval
        with:
          title: Ship it?
          instructions: Look at it first.
          form: { type: object, required: [region], properties: { region: { enum: [eu, us] }, count: { type: integer, minimum: 2 } } }
`;
const OTHERS = `id: others
jobs:
  theirs: { steps: [ { id: ok, uses: "builtin:approval", with: { title: "Not for you", approvers: [somebody-else] } } ] }
`;
const OWN = `id: own
jobs:
  own: { steps: [ { id: ok, uses: "builtin:approval", with: { title: "Not by yourself", prevent-self-approval: true } } ] }
`;

let root: string;
let engine: Composition;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'kb-attend-'));
  mkdirSync(join(root, '.kb/workflows'), { recursive: true });
  for (const [name, text] of Object.entries({ SHIP, OTHERS, OWN })) writeFileSync(join(root, '.kb/workflows', `${name}.yml`), text);
  engine = await composeEngine(await loadConfig({ projectRoot: root, env: {} }), { env: process.env, writeLog: () => undefined });
});
afterEach(async () => {
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

/** A terminal in which everything shown so far can be waited for. */
function openTerminal() {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 30 });
  const terminal = createTerminal({ stdin, stdout, stderr: new PassThrough(), env: { NO_COLOR: '1' }, cwd: root });
  let text = '';
  let read = 0;
  const checks = new Set<() => void>();
  stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    for (const check of checks) check();
  });
  /** Resolves with the next place a text is shown at. */
  const until = (wanted: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        const at = text.indexOf(wanted, read);
        if (at === -1) return;
        read = at + wanted.length;
        checks.delete(check);
        resolve();
      };
      checks.add(check);
      check();
    });
  const say = async (after: string, line: string): Promise<void> => {
    await until(after);
    stdin.write(`${line}\n`);
  };
  return { terminal, until, say, shown: () => text };
}

async function start(workflowId: string, actor = userName()): Promise<RunId> {
  const { run } = await startRun(engine.deps, { workflowId, input: {}, trigger: { type: 'manual', actor, payload: null, branch: null, tag: null, sha: null } });
  return toKnownRunId(run.id);
}

function attend(runId: RunId, { terminal }: ReturnType<typeof openTerminal>) {
  return attendRun(directDesk(engine), runId, { terminal, presenter: livePresenter(terminal), carry: 'always', onInterrupt: 'cancel' });
}

const ASKED = 'Approve? [y]es / [n]o / [l]ater: ';

describe('an approval of a followed run', () => {
  it('is asked for in the terminal, with its form, and again when the answers do not fit', async () => {
    const screen = openTerminal();
    const runId = await start('ship');
    const ended = attend(runId, screen);
    await screen.until('Look at it first.');
    await screen.say(ASKED, 'perhaps');
    await screen.say(ASKED, 'y');
    await screen.say('region (1 eu, 2 us): ', '2');
    await screen.say('count (a whole number; optional): ', '1');
    await screen.say('Comment (optional): ', '');
    await screen.until('the answers do not fit the form');
    await screen.say(ASKED, 'yes');
    await screen.say('region (1 eu, 2 us): ', '1');
    await screen.say('count (a whole number; optional): ', '');
    await screen.say('Comment (optional): ', 'well done');
    expect(await ended).toBe(0);
    const run = await readRun(engine.deps, runId);
    expect(run.jobs[0]?.outputs).toEqual({ region: 'eu', by: userName(), comment: 'well done' });
    expect(screen.shown()).not.toContain('not waited for any more');
  });

  it('can be rejected there', async () => {
    const screen = openTerminal();
    const runId = await start('ship');
    const ended = attend(runId, screen);
    await screen.say(ASKED, 'n');
    await screen.say('Comment (optional): ', 'too early');
    expect(await ended).toBe(1);
    expect((await readRun(engine.deps, runId)).jobs[0]?.error?.code).toBe('APPROVAL_REJECTED');
  });

  it('can be left for later, and is shown with how to answer it', async () => {
    const screen = openTerminal();
    const runId = await start('ship');
    const ended = attend(runId, screen);
    await screen.say(ASKED, 'l');
    await screen.until(`kb workflow:approve --run-id=${runId} --step-id=mine/ok`);
    await answerApproval(engine.deps, { runId, step: 'ok', decision: 'approved', by: 'eve', data: { region: 'us' } });
    expect(await ended).toBe(0);
    expect(screen.shown().split(ASKED)).toHaveLength(2);
  });

  it('is taken back when somebody else answers it', async () => {
    const screen = openTerminal();
    const runId = await start('ship');
    const ended = attend(runId, screen);
    await screen.say(ASKED, 'y');
    await screen.until('region (1 eu, 2 us): ');
    await answerApproval(engine.deps, { runId, step: 'ok', decision: 'approved', by: 'eve', data: { region: 'us' } });
    await screen.until('it is not waited for any more');
    expect(await ended).toBe(0);
    expect((await readRun(engine.deps, runId)).jobs[0]?.outputs).toMatchObject({ by: 'eve', region: 'us' });
  });

  it.each([
    ['others', 'theirs'],
    ['own', 'own'],
  ])('is not asked of those who may not give it: %s', async (workflow, job) => {
    const screen = openTerminal();
    const runId = await start(workflow);
    const ended = attend(runId, screen);
    await screen.until(`--step-id=${job}/ok`);
    await cancelRun(engine.deps, { runId, by: 'eve' });
    expect(await ended).toBe(1);
    expect(screen.shown()).not.toContain(ASKED);
  });
});
