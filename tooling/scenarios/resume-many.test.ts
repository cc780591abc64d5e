import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { RunId } from '@kb-labs/contracts';
import { foldRun, toRunView } from '@kb-labs/projector';
import { afterEach, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { sized } from './fault-size.js';
import { Hosts, openStore } from './host.fixture.js';
import { Project } from './project.fixture.js';

const OPEN = sized(60, 1_000);
const START_WITHIN_MS = 2_000;
const LOOK_MS = 50;
const LIMIT_MS = sized(120_000, 400_000);

/** Steps of its own, and a condition and a gate that read what they have left. */
const workflow = `
id: many
permissions: { shell: true }
inputs: { n: { type: number, required: true } }
outputs: { made: "\${{ jobs.make.outputs.step }}", checked: "\${{ jobs.check.outputs.step }}" }
defaults: { run: { shell: sh } }
jobs:
  make:
    outputs: { step: "\${{ steps.make.outputs.step }}" }
    steps:
      - { id: make, run: 'echo step=make >> "$KB_OUTPUT"' }
      - { id: never, if: "steps.make.outputs.step != 'make'", run: 'echo step=never >> "$KB_OUTPUT"' }
  check:
    needs: make
    outputs: { step: "\${{ steps.check.outputs.step }}" }
    steps:
      - { id: go, uses: "builtin:gate", with: { decision: "\${{ needs.make.outputs.step }}", routes: { make: continue } } }
      - { id: check, run: 'echo step=check >> "$KB_OUTPUT"' }
`;

const hosts = new Hosts();
let project: Project;
afterEach(() => {
  hosts.clear();
  project.remove();
});

/** How a run ended, without what depends on when and how often. */
async function endsOf(dir: string, runs: readonly string[]): Promise<string[]> {
  const store = await openStore(dir);
  try {
    return await Promise.all(
      runs.map(async (run) => {
        const view = toRunView(foldRun(run as RunId, await store.log.read(run as RunId, 0)));
        const jobs = view.jobs.map(({ key, status, outputs, steps }) => ({ key, status, outputs, steps: steps.map((step) => [step.id, step.status, step.outputs]) }));
        return JSON.stringify({ status: view.status, outputs: view.outputs, jobs });
      }),
    );
  } finally {
    await store.close();
  }
}

async function openRuns(dir: string): Promise<number> {
  const store = await openStore(dir);
  try {
    return (await store.catalog.openRuns({ limit: OPEN })).length;
  } finally {
    await store.close();
  }
}

async function startTimed(of: Project): Promise<{ daemon: DaemonProcess; ms: number }> {
  const began = performance.now();
  const daemon = await DaemonProcess.start(of, '--concurrency=8');
  return { daemon, ms: performance.now() - began };
}

describe(`a state with ${OPEN} open runs whose process was killed`, () => {
  it('is there again at once, and every run ends as it would have without that', async () => {
    project = new Project({ '.kb/workflows/many.yml': workflow });
    const dir = join(project.dir, '.kb/state');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    // Half of the runs have come to their second job.
    const host = hosts.start(new URL('./resume-host.ts', import.meta.url), dir, join(project.dir, '.kb/workflows/many.yml'), String(OPEN), String(OPEN / 2));
    await host.until(/^stands$/m);
    host.process.kill('SIGKILL');
    await host.ended;
    const runs = host.acknowledged();
    expect(runs).toHaveLength(OPEN);
    expect(await openRuns(dir)).toBe(OPEN);
    const halfway = await endsOf(dir, runs);

    // Where other tests run beside this one, they take from it what they take from a daemon that finds nothing.
    const besideMs = sized(await startEmpty(), 0);
    // Of two starts the quicker one counts: other programs use this machine as well.
    const first = await startTimed(project);
    await first.daemon.kill('SIGKILL');
    const second = await startTimed(project);
    expect(Math.min(first.ms, second.ms)).toBeLessThan(START_WITHIN_MS + besideMs);
    while ((await openRuns(dir)) > 0) await wait(LOOK_MS);
    const reference = await startReference();
    const ends = await endsOf(dir, runs);
    expect(new Set(ends)).toEqual(new Set(await endsOf(dir, [reference])));
    expect(halfway.filter((end) => ends.includes(end)), 'and the check can tell').toEqual([]);
    expect(ends[0]).toContain('"status":"success","outputs":{"made":"make","checked":"check"}');
    expect(await second.daemon.kill('SIGTERM')).toBe(0);
  }, LIMIT_MS);
});

/** How long a daemon takes to start that has nothing to find. */
async function startEmpty(): Promise<number> {
  const empty = new Project({});
  try {
    const { daemon, ms } = await startTimed(empty);
    await daemon.kill('SIGTERM');
    return ms;
  } finally {
    empty.remove();
  }
}

/** The same run without a fault. */
async function startReference(): Promise<string> {
  const { id, status } = await project.json<{ id: string; status: string }>('workflow:run', '--workflow-id=many', '-f', 'n=1');
  expect(status).toBe('success');
  return id;
}
