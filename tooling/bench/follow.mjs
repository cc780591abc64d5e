import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { KB, NODE, startDaemon } from './daemon-process.mjs';
import { spread } from './spread.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** How late most lines may come to somebody who follows, in milliseconds. */
const LIMIT_MS = 50;
const MOST = 0.95;
const LINES = 200;
/** Lines while everything is still starting. */
const FIRST_LINES = 50;

/** Prints the instant, in milliseconds since the epoch, about every 25 ms. Never at the same beat as those who look for it. */
const CLOCK = `let n = 0;
const tell = () => { console.log('printed=' + Date.now()); if (++n < ${String(FIRST_LINES + LINES)}) setTimeout(tell, 15 + Math.random() * 20); };
tell();
`;
const WORKFLOW = 'id: clock\npermissions: { shell: true }\njobs:\n  tell:\n    steps: [{ id: tell, run: "node clock.mjs" }]\n';

/**
 * From a line that a script prints to its being with somebody who follows: a command whose output is a pipe, and a client of the daemon that reads events.
 * The daemon, which runs the script too, and both of them at the same time.
 *
 * @param {{ repeats?: number | undefined }} options runs, 3 when left out
 */
export async function benchFollow({ repeats = 3 }) {
  return inTemporaryFolder(async (dir) => {
    mkdirSync(join(dir, '.kb/workflows'), { recursive: true });
    writeFileSync(join(dir, 'clock.mjs'), CLOCK);
    writeFileSync(join(dir, '.kb/workflows/clock.yml'), WORKFLOW);
    const daemon = await startDaemon(dir);
    /** @type {number[]} */
    const command = [];
    /** @type {number[]} */
    const stream = [];
    try {
      for (let run = 0; run < repeats; run += 1) {
        const started = await daemon.request('/api/v1/workflows/runs', { method: 'POST', body: JSON.stringify({ workflowId: 'clock' }) });
        const { id } = /** @type {{ id: string }} */ (await started.json());
        const told = await Promise.all([byCommand(dir, id), byStream(daemon, id)]);
        command.push(...told[0].slice(FIRST_LINES));
        stream.push(...told[1].slice(FIRST_LINES));
      }
    } finally {
      await daemon.stop();
    }
    const rows = [
      { name: 'kb workflow:logs --follow', latencies: command },
      { name: 'events of the daemon', latencies: stream },
    ].map(({ name, latencies }) => {
      const late = latencies.toSorted((a, b) => a - b)[Math.ceil(latencies.length * MOST) - 1] ?? Number.NaN;
      return { name, lines: latencies.length, ...spread(latencies), lateMs: late, limit: LIMIT_MS, within: late <= LIMIT_MS };
    });
    return {
      title: 'From a line that is printed to somebody who follows',
      rows,
      within: rows.every(({ within }) => within),
      note: `${String(repeats)} runs of ${String(LINES)} lines, both at once; Node ${process.version}; ${String(cpus().length)} cores`,
    };
  });
}

/** @param {Awaited<ReturnType<typeof benchFollow>>} report */
export function tabulateFollow({ rows }) {
  return {
    header: ['', 'median', '10 % to 90 %', `${String(MOST * 100)} % within`, 'promised'],
    rows: rows.map(({ name, medianMs, p10Ms, p90Ms, lateMs, limit, within }) => [
      name,
      `${medianMs.toFixed(0)} ms`,
      `${p10Ms.toFixed(0)} to ${p90Ms.toFixed(0)}`,
      `${lateMs.toFixed(0)} ms`,
      `${within ? 'within' : 'OVER'} ${String(limit)} ms`,
    ]),
  };
}

/**
 * @param {string} cwd
 * @param {string} run
 */
async function byCommand(cwd, run) {
  const child = spawn(NODE, [KB, 'workflow:logs', `--run-id=${run}`, '--follow'], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  const late = [];
  for await (const line of createInterface({ input: child.stdout })) late.push(...lateness(line));
  return late;
}

/**
 * @param {import('./daemon-process.mjs').Daemon} daemon
 * @param {string} run
 */
async function byStream(daemon, run) {
  const response = await daemon.request(`/api/v1/workflows/runs/${run}/logs`, { headers: { accept: 'text/event-stream' } });
  const late = [];
  let rest = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) late.push(...lateness(line));
  }
  return late;
}

/** How long ago a line was printed, if it says so. @param {string} line */
function lateness(line) {
  const printed = /printed=(\d+)/.exec(line)?.[1];
  return printed === undefined ? [] : [Date.now() - Number(printed)];
}
