import { cpus } from 'node:os';

import { runSource } from './run-source.mjs';
import { spread } from './spread.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** What a second worker process adds: at least so many times the runs of one. */
const LIMIT = 1.6;
const MOST = 3;

/**
 * How many runs per second end with one worker process on a Redis server, with two, and with three. Steps wait and need no processor, and
 * each process takes few at once, so that a small machine has room for all three.
 *
 * @param {{ repeats?: number | undefined }} options rounds, 3 when left out
 */
export async function benchHosts({ repeats = 3 }) {
  const measured = await inTemporaryFolder((dir) => runSource(new URL('../scenarios/fleet-host.ts', import.meta.url), ['measure', dir, String(repeats), String(MOST)]));
  /** @type {number[][]} of each round, the runs per second with 1 process, 2, … */
  const rounds = measured.rounds;
  const most = (measured.concurrency * 1_000) / (measured.steps * measured.stepMs);
  const rows = Array.from({ length: MOST }, (_, index) => ({
    workers: index + 1,
    runsPerSecond: median(rounds.map((rates) => rates[index] ?? Number.NaN)),
    // Of each round by itself: what else the machine does differs more from round to round than within one.
    ratio: median(rounds.map((rates) => (rates[index] ?? Number.NaN) / (rates[0] ?? Number.NaN))),
    ofMost: median(rounds.map((rates) => (rates[index] ?? Number.NaN) / ((index + 1) * most))),
  }));
  const ratio = rows[1]?.ratio ?? Number.NaN;
  return {
    title: `Worker processes on one Redis server, ${measured.concurrency} jobs at once in each, ${measured.steps} steps of ${measured.stepMs} ms a job`,
    rows,
    ratio,
    limit: LIMIT,
    within: ratio >= LIMIT,
    note: `two do ${ratio.toFixed(2)} × what one does, expected at least ${LIMIT}; median of ${rounds.length} rounds; Node ${process.version}; ${cpus().length} cores`,
  };
}

/** @param {readonly number[]} numbers */
function median(numbers) {
  return spread(numbers).medianMs;
}

/** @param {Awaited<ReturnType<typeof benchHosts>>} report */
export function tabulateHosts({ rows }) {
  return {
    header: ['workers', 'runs per second', 'to one', 'of what waiting allows'],
    rows: rows.map((row) => [String(row.workers), row.runsPerSecond.toFixed(1), `${row.ratio.toFixed(2)} ×`, `${(row.ofMost * 100).toFixed(0)} %`]),
  };
}
