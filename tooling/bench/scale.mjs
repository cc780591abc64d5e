import { cpus } from 'node:os';

import { runSource } from './run-source.mjs';
import { spread } from './spread.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** What a job may cost in the largest matrix, in what it costs in the smallest: processor time, which others on the machine do not change. */
const LIMIT = 1.25;
const SIZES = [100, 1_000, 10_000];

/**
 * What a job of a matrix costs as the matrix grows: jobs of one step that does nothing, carried out by one process with eight
 * at once on the embedded store. Each size in a process of its own, after runs that warm it up.
 *
 * @param {{ repeats?: number | undefined }} options
 */
export async function benchScale({ repeats = 1 }) {
  const rows = [];
  for (const jobs of SIZES) {
    // A short run is repeated, so that each size is measured for about as long.
    const times = Math.max(repeats, Math.min(20, 2_000 / jobs));
    const measured = await inTemporaryFolder((dir) => runSource(new URL('../scenarios/scale-host.ts', import.meta.url), [dir, String(jobs), String(times)]));
    const { medianMs } = spread(measured.timesMs);
    rows.push({
      jobs,
      totalMs: medianMs,
      msPerJob: medianMs / jobs,
      cpuMsPerJob: spread(measured.cpuTimesMs).medianMs / jobs,
      peakBytesPerJob: measured.grownBytes / jobs,
      journalBytesPerJob: measured.journalBytes / jobs,
      listMs: measured.listMs,
      viewMs: measured.viewMs,
    });
  }
  const [smallest] = rows;
  const largest = rows.at(-1);
  if (smallest === undefined || largest === undefined) throw new Error('nothing was measured');
  const ratio = largest.cpuMsPerJob / smallest.cpuMsPerJob;
  const elapsedRatio = largest.msPerJob / smallest.msPerJob;
  return {
    title: 'A matrix of jobs that do nothing, as it grows',
    rows: rows.map((row) => ({ ...row, elapsedRatio: row.msPerJob / smallest.msPerJob, ratio: row.cpuMsPerJob / smallest.cpuMsPerJob })),
    ratio,
    elapsedRatio,
    limit: LIMIT,
    within: ratio <= LIMIT,
    note: `a job of ${largest.jobs} to one of ${smallest.jobs}: processor ${ratio.toFixed(2)} ×, promised at most ${LIMIT}; elapsed ${elapsedRatio.toFixed(2)} ×; Node ${process.version}; ${cpus().length} cores`,
  };
}

/** @param {Awaited<ReturnType<typeof benchScale>>} report */
export function tabulateScale({ rows }) {
  return {
    header: ['jobs', 'total', 'per job', 'to the first', 'processor per job', 'to the first', 'memory per job', 'journal per job', 'list', 'view'],
    rows: rows.map((row) => [
      String(row.jobs),
      `${row.totalMs.toFixed(0)} ms`,
      `${row.msPerJob.toFixed(3)} ms`,
      `${row.elapsedRatio.toFixed(2)} ×`,
      `${row.cpuMsPerJob.toFixed(3)} ms`,
      `${row.ratio.toFixed(2)} ×`,
      `${(row.peakBytesPerJob / 1024).toFixed(1)} KiB`,
      `${row.journalBytesPerJob.toFixed(0)} B`,
      `${row.listMs.toFixed(1)} ms`,
      `${row.viewMs.toFixed(1)} ms`,
    ]),
  };
}
