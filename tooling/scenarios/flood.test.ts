import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import type { RunId, RunView } from '@kb-labs/contracts';
import { afterEach, describe, expect, it } from 'vitest';

import { DaemonProcess } from './daemon.fixture.js';
import { sized } from './fault-size.js';
import { openStore } from './host.fixture.js';
import { Project } from './project.fixture.js';

const MB = 1024 * 1024;
const FLOOD_MB = sized(80, 1_024);
const FIRST_MB = 20;
const GROWTH_MB = 50;
const OUTPUT_MB = 20;
const BESIDE = sized(4, 10);
/** Each look is a process, and the flood needs the machine. */
const LOOK_MS = 200;
const LIMIT_MS = sized(120_000, 400_000);

const flood = `
id: flood
permissions: { shell: true }
inputs: { mb: { type: number, required: true } }
env: { MB: "\${{ inputs.mb }}" }
defaults: { run: { shell: sh } }
jobs:
  one:
    steps:
      - { id: print, run: 'yes "$(printf "%0.sx" $(seq 99))" | head -c "\${MB}M"' }
`;
const large = `
id: large
permissions: { shell: true }
defaults: { run: { shell: sh } }
jobs:
  one:
    steps:
      - { id: write, run: '{ printf text=; head -c ${String(OUTPUT_MB)}M /dev/zero | tr "\\\\0" x; } > "$KB_OUTPUT"' }
`;
const ordinary = `
id: ordinary
permissions: { shell: true }
defaults: { run: { shell: sh } }
jobs: { one: { steps: [{ id: a, run: 'echo a' }, { id: b, run: 'echo b' }] } }
`;

let project: Project;
afterEach(() => project.remove());

/**
 * Node lets garbage grow to some 48 MB before it looks for any, however little is kept: with less room for young objects what
 * is measured is what the daemon holds.
 */
const SMALL_ROOM = { NODE_OPTIONS: '--max-semi-space-size=8' };

async function newDaemon(): Promise<DaemonProcess> {
  project = new Project({ '.kb/workflows/flood.yml': flood, '.kb/workflows/large.yml': large, '.kb/workflows/ordinary.yml': ordinary }, SMALL_ROOM);
  return await DaemonProcess.start(project, '--concurrency=2');
}

const detach = async (workflow: string, ...args: string[]): Promise<string> => (await project.json<RunView>('workflow:run', `--workflow-id=${workflow}`, '--detach', ...args)).id;
const view = (run: string): Promise<RunView> => project.json<RunView>('workflow:status', `--run-id=${run}`);

async function ended(run: string): Promise<RunView> {
  for (;;) {
    const seen = await view(run);
    if (seen.finishedAt !== null) return seen;
    await wait(LOOK_MS);
  }
}

async function lastLineOf(run: string): Promise<string | undefined> {
  const store = await openStore(join(project.dir, '.kb/state'));
  try {
    const last = await store.logs.lastLine(run as RunId, 'one', 'print');
    const { lines } = await store.logs.read(run as RunId, { after: last - 1, limit: 10 });
    return lines.at(-1)?.text;
  } finally {
    await store.close();
  }
}

/** A field of what Linux says about the memory of a process, in bytes. */
function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  if (found === null) throw new Error(`nothing is said of ${field}`);
  return Number(found[1]) * 1024;
}

/** How much memory a process takes at most while something is done, beyond what it has before. */
async function growthOf(pid: number, work: () => Promise<void>): Promise<number> {
  // Forgets the highest mark so far.
  writeFileSync(`/proc/${String(pid)}/clear_refs`, '5');
  const before = memoryOf(pid, 'VmRSS');
  await work();
  return memoryOf(pid, 'VmHWM') - before;
}

describe.skipIf(process.platform !== 'linux')(`a step of a daemon${process.platform === 'linux' ? '' : ' (skipped: memory is read where only Linux has it)'}`, () => {
  it(`that prints ${FLOOD_MB} MB takes less than ${GROWTH_MB} MB of its memory, and holds up nobody`, async () => {
    const daemon = await newDaemon();
    const pid = daemon.child.pid ?? 0;
    // The program itself and the pages of the state's file come into memory with the first flood.
    expect((await ended(await detach('flood', '-f', `mb=${String(FIRST_MB)}`))).status).toBe('success');
    let run = '';
    const beside: RunView[] = [];
    const grown = await growthOf(pid, async () => {
      run = await detach('flood', '-f', `mb=${String(FLOOD_MB)}`);
      while (beside.length < BESIDE) beside.push(await project.json<RunView>('workflow:run', '--workflow-id=ordinary'));
      expect((await ended(run)).status).toBe('success');
    });
    expect(grown).toBeLessThan(GROWTH_MB * MB);
    expect(beside.map(({ status }) => status)).toEqual(beside.map(() => 'success'));
    const { finishedAt } = await view(run);
    expect(beside[0]?.finishedAt?.localeCompare(finishedAt ?? ''), 'the first of the others did not wait for it').toBe(-1);
    expect(await lastLineOf(run)).toBe('the log of this step is full (67108864 bytes): the rest is left out');
  }, LIMIT_MS);

  it('would be seen to take memory', async () => {
    const hoarder = spawn(process.execPath, ['-e', `process.stdin.once('data', () => { globalThis.kept = Buffer.alloc(${String(2 * GROWTH_MB * MB)}, 'x'); console.log('kept'); })`]);
    try {
      const grown = await growthOf(hoarder.pid ?? 0, async () => {
        hoarder.stdin.write('go');
        await once(hoarder.stdout, 'data');
      });
      expect(grown).toBeGreaterThan(GROWTH_MB * MB);
    } finally {
      hoarder.kill('SIGKILL');
    }
  });

  it(`whose output is ${OUTPUT_MB} MB leaves an artifact and a reference to it, and holds up nobody`, async () => {
    await newDaemon();
    const run = await detach('large');
    expect((await project.json<RunView>('workflow:run', '--workflow-id=ordinary')).status).toBe('success');
    const { status, artifacts, jobs } = await ended(run);
    expect(status).toBe('success');
    expect(artifacts).toMatchObject([{ bytes: OUTPUT_MB * MB }]);
    expect(JSON.stringify(jobs).length).toBeLessThan(MB);
    const copy = join(project.dir, 'copy');
    expect((await project.kb('workflow:artifacts', `--run-id=${run}`, `--download=${artifacts[0]?.name ?? ''}`, `--output=${copy}`)).code).toBe(0);
    expect(readFileSync(copy).equals(Buffer.alloc(OUTPUT_MB * MB, 'x'))).toBe(true);
  }, LIMIT_MS);
});
