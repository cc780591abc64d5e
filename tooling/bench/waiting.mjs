import { cpus } from 'node:os';

import { runSource } from './run-source.mjs';
import { spread } from './spread.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** The share of their throughput that runs keep beside others that wait. */
const LIMIT = 0.95;
const WAITING = 1_000;

/** @typedef {{ ms: number, cpuMs: number }} Took */

/**
 * How fast ordinary runs are while a thousand others wait for approvals and a thousand sleep, next to how fast they are with
 * nothing waiting: one process, one worker with two at once, in turns on two embedded stores.
 *
 * @param {{ repeats?: number | undefined }} options how many thousand of each wait; 1 when left out
 */
export async function benchWaiting({ repeats = 1 }) {
  const measured = await inTemporaryFolder((dir) => runSource(new URL('../scenarios/waiting-host.ts', import.meta.url), ['measure', dir, String(repeats * WAITING)]));
  /** @type {{ alone: Took, crowded: Took }[]} */
  const rounds = measured.rounds;
  const rows = [
    { name: 'nothing waits', took: rounds.map((round) => round.alone) },
    { name: `${measured.waiting} runs wait`, took: rounds.map((round) => round.crowded) },
  ].map(({ name, took }) => {
    const times = spread(took.map((one) => one.ms));
    return { name, ...times, runsPerSecond: (measured.runs / times.medianMs) * 1_000, cpuMsPerRun: spread(took.map((one) => one.cpuMs)).medianMs / measured.runs };
  });
  // Of each round by itself: what else the machine does differs more from round to round than within one.
  const ratio = spread(rounds.map(({ alone, crowded }) => alone.ms / crowded.ms)).medianMs;
  return {
    title: `Throughput of ordinary runs, ${measured.concurrency} jobs at once`,
    rows,
    ratio,
    limit: LIMIT,
    within: ratio >= LIMIT,
    note: `kept ${(ratio * 100).toFixed(1)} %, promised at least ${LIMIT * 100} %; median of ${rounds.length} rounds in turns; Node ${process.version}; ${cpus().length} cores`,
  };
}

/** @param {Awaited<ReturnType<typeof benchWaiting>>} report */
export function tabulateWaiting({ rows }) {
  return {
    header: ['', 'runs per second', 'median of a round', '10 % to 90 %', 'processor per run'],
    rows: rows.map((row) => [row.name, row.runsPerSecond.toFixed(0), `${row.medianMs.toFixed(0)} ms`, `${row.p10Ms.toFixed(0)} to ${row.p90Ms.toFixed(0)}`, `${row.cpuMsPerRun.toFixed(2)} ms`]),
  };
}
