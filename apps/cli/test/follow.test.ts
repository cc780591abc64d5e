import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { kb, makeProject, startKb, startKbInTerminal } from './drive-kb.js';

/** Goes on once the test allows it, so that nothing depends on how fast a machine is; ends when its folder is gone, as a script may outlive its killed worker. */
const GATED = `id: gated
permissions: { shell: true }
jobs:
  first:
    steps:
      - id: note
        run: echo done >> effects.txt
      - id: gate
        run: |
          echo waiting
          while [ ! -e gate ] && [ -d "$KB_WORKSPACE/.kb" ]; do sleep 0.02; done
          echo passed
`;

let project: ReturnType<typeof makeProject>;

beforeAll(() => {
  project = makeProject({ 'gated.yml': GATED });
});
afterAll(() => {
  project.remove();
});

function idOf(text: string): string {
  return /run_[0-9A-Z]{26}/.exec(text)?.[0] ?? '';
}

async function fresh(test: (root: string) => Promise<void>): Promise<void> {
  const own = makeProject({ 'gated.yml': GATED });
  try {
    await test(own.root);
  } finally {
    // Whatever a test left running would wait for its gate for ever.
    const { items } = JSON.parse((await kb(own.root, ['workflow:list-runs', '--json'])).stdout) as { items: { id: string; finishedAt: string | null }[] };
    for (const { id, finishedAt } of items) if (finishedAt === null) await kb(own.root, ['workflow:cancel', `--run-id=${id}`]);
    own.remove();
  }
}

describe('a run that goes on', () => {
  it('is followed from a second process and cancelled from a third', async () => {
    await fresh(async (root) => {
      const running = startKb(root, ['workflow:run', '--workflow-id=gated']);
      const id = idOf(await running.until('waiting'));
      const logs = startKb(root, ['workflow:logs', `--run-id=${id}`, '--follow']);
      await logs.until('first/gate | waiting');
      expect((await kb(root, ['workflow:list-runs'])).stdout).toMatch(/▸ running +/);
      const cancelled = await kb(root, ['workflow:cancel', `--run-id=${id}`, '--note=enough']);
      expect(cancelled).toMatchObject({ code: 0, stdout: expect.stringContaining('■ cancelled') as string });
      expect(await running.ended).toMatchObject({ code: 1, stdout: expect.stringContaining('■ cancelled') as string });
      expect((await logs.ended).code).toBe(0);
    });
  });

  it('is followed to its end, every line', async () => {
    await fresh(async (root) => {
      const running = startKb(root, ['workflow:run', '--workflow-id=gated']);
      const id = idOf(await running.until('waiting'));
      const logs = startKb(root, ['workflow:logs', `--run-id=${id}`, '--follow', '--json']);
      await logs.until('"text":"waiting"');
      writeFileSync(join(root, 'gate'), '');
      const lines = (await logs.ended).stdout.trim().split('\n').map((line) => JSON.parse(line) as { n: number; text: string });
      expect(lines.map(({ text }) => text)).toEqual(['waiting', 'passed']);
      expect((await running.ended).code).toBe(0);
    });
  });

  it('is left open when its process is killed, says so, and is carried on without repeating what was finished', async () => {
    await fresh(async (root) => {
      const running = startKb(root, ['workflow:run', '--workflow-id=gated']);
      const id = idOf(await running.until('waiting'));
      running.child.kill('SIGKILL');
      await running.ended;
      expect((await kb(root, ['workflow:list-runs'])).stdout).toContain('running, no worker');
      const watched = startKb(root, ['workflow:watch', `--run-id=${id}`]);
      writeFileSync(join(root, 'gate'), '');
      expect(await watched.ended).toMatchObject({ code: 0, stderr: expect.stringContaining('nobody carries this run on') as string });
      expect(readFileSync(join(root, 'effects.txt'), 'utf8')).toBe('done\n');
    });
  });

  it('can be resumed, and cancelled when nobody carries it on', async () => {
    await fresh(async (root) => {
      const first = startKb(root, ['workflow:run', '--workflow-id=gated']);
      const id = idOf(await first.until('waiting'));
      first.child.kill('SIGKILL');
      await first.ended;
      const resumed = startKb(root, ['workflow:resume', `--run-id=${id}`]);
      await resumed.until(/waiting[^]*waiting/);
      resumed.child.kill('SIGKILL');
      await resumed.ended;
      const cancelled = await kb(root, ['workflow:cancel', `--run-id=${id}`, '--json']);
      expect(cancelled.code).toBe(0);
      expect(JSON.parse(cancelled.stdout)).toMatchObject({ status: 'cancelled' });
    });
  });

  it('is cancelled by Ctrl-C, at once where nobody can be asked', async () => {
    await fresh(async (root) => {
      const running = startKb(root, ['workflow:run', '--workflow-id=gated']);
      await running.until('waiting');
      running.child.kill('SIGINT');
      expect(await running.ended).toMatchObject({ code: 130, stdout: expect.stringContaining('■ cancelled') as string });
    });
  });

  it('is only left by Ctrl-C in watch', async () => {
    await fresh(async (root) => {
      const running = startKb(root, ['workflow:run', '--workflow-id=gated']);
      const id = idOf(await running.until('waiting'));
      const watched = startKb(root, ['workflow:watch', `--run-id=${id}`]);
      await watched.until('waiting');
      watched.child.kill('SIGINT');
      expect((await watched.ended).code).toBe(130);
      expect(JSON.parse((await kb(root, ['workflow:status', `--run-id=${id}`, '--json'])).stdout)).toMatchObject({ status: 'running' });
      writeFileSync(join(root, 'gate'), '');
      expect((await running.ended).code).toBe(0);
    });
  });
});

const hasTerminals = existsSync('/usr/bin/script');

describe.skipIf(!hasTerminals)('in a terminal', () => {
  it('draws a live tree, and leaves the cursor and the whole tree behind', async () => {
    await fresh(async (root) => {
      const running = startKbInTerminal(root, ['workflow:run', '--workflow-id=gated']);
      await running.until(/▸\S* gate/);
      writeFileSync(join(root, 'gate'), '');
      const { code, stdout } = await running.ended;
      expect(code).toBe(0);
      expect(stdout).toContain('\u001b[?25l');
      expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
      const last = stdout.slice(stdout.lastIndexOf('\u001b[?25h'));
      expect(last).toMatch(/✓[^]*note[^]*✓[^]*gate[^]*success/);
    });
  });

  it('asks before Ctrl-C cancels, goes on after a no and cancels after a yes', async () => {
    await fresh(async (root) => {
      const running = startKbInTerminal(root, ['workflow:run', '--workflow-id=gated']);
      await running.until(/▸\S* gate/);
      running.child.stdin?.write('\u0003');
      await running.until('Cancel this run? [y/N]');
      running.child.stdin?.write('n\n');
      await running.until(/Cancel this run\?[^]*▸\S* gate/);
      running.child.stdin?.write('\u0003');
      await running.until(/Cancel this run\?[^]*Cancel this run\?/);
      running.child.stdin?.write('y\n');
      expect(await running.ended).toMatchObject({ code: 130, stdout: expect.stringContaining('cancelled') as string });
    });
  });

  it('gives the cursor back when it is told to end', async () => {
    await fresh(async (root) => {
      const running = startKbInTerminal(root, ['workflow:watch', `--run-id=${await started(root)}`]);
      await running.until(/▸\S* gate/);
      running.child.stdin?.write('\u0003');
      const { code, stdout } = await running.ended;
      expect(code).toBe(130);
      expect(stdout.lastIndexOf('\u001b[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001b[?25l'));
    });
  });

  async function started(root: string): Promise<string> {
    const { stdout } = await kb(root, ['workflow:run', '--workflow-id=gated', '--detach']);
    return idOf(stdout);
  }
});
