import { benchBullmq } from './bullmq.mjs';
import { benchCapacity, tabulateCapacity } from './capacity.mjs';
import { benchCli, tabulateCli } from './cli.mjs';
import { benchDagu } from './dagu.mjs';
import { benchDbos } from './dbos.mjs';
import { benchFanOut } from './fan-out.mjs';
import { benchFollow, tabulateFollow } from './follow.mjs';
import { benchHistory, tabulateHistory } from './history.mjs';
import { benchHosts, tabulateHosts } from './hosts.mjs';
import { benchIdle, tabulateIdle } from './idle.mjs';
import { benchLongJob } from './long-job.mjs';
import { NotHere } from './peers/not-here.mjs';
import { tabulateTurns } from './peers/turns.mjs';
import { benchPool } from './pool.mjs';
import { benchResolve } from './resolve.mjs';
import { benchRestate } from './restate.mjs';
import { benchScale, tabulateScale } from './scale.mjs';
import { benchShell } from './shell.mjs';
import { tabulateSideBySide } from './side-by-side.mjs';
import { benchSteps } from './steps.mjs';
import { benchStudio, tabulateStudio } from './studio.mjs';
import { benchWaiting, tabulateWaiting } from './waiting.mjs';

/**
 * @typedef {object} Report
 * @property {string} title
 * @property {string} note
 * @property {boolean} within whether what is promised was kept
 *
 * @typedef {{ readonly header: readonly string[], readonly rows: readonly (readonly string[])[] }} Table
 */

/** Each with the figures it measured turned into a table for people. */
const BENCHES = new Map([
  ['bullmq', bench(benchBullmq, tabulateTurns)],
  ['capacity', bench(benchCapacity, tabulateCapacity)],
  ['cli', bench(benchCli, tabulateCli)],
  ['dagu', bench(benchDagu, tabulateTurns)],
  ['dbos', bench(benchDbos, tabulateTurns)],
  ['fan-out', bench(benchFanOut, tabulateTurns)],
  ['follow', bench(benchFollow, tabulateFollow)],
  ['history', bench(benchHistory, tabulateHistory)],
  ['hosts', bench(benchHosts, tabulateHosts)],
  ['idle', bench(benchIdle, tabulateIdle)],
  ['long-job', bench(benchLongJob, tabulateSideBySide)],
  ['pool', bench(benchPool, tabulateSideBySide)],
  ['resolve', bench(benchResolve, tabulateSideBySide)],
  ['restate', bench(benchRestate, tabulateTurns)],
  ['scale', bench(benchScale, tabulateScale)],
  ['shell', bench(benchShell, tabulateSideBySide)],
  ['steps', bench(benchSteps, tabulateSideBySide)],
  ['studio', bench(benchStudio, tabulateStudio)],
  ['waiting', bench(benchWaiting, tabulateWaiting)],
]);
const USE = `pnpm bench <${[...BENCHES.keys()].join('|')}> [--json] [--repeats=N]`;

const [name = '', ...options] = process.argv.slice(2);
const chosen = BENCHES.get(name);
const written = options.find((option) => option.startsWith('--repeats='))?.slice('--repeats='.length);
const repeats = written === undefined ? undefined : Number(written);
if (chosen === undefined || (repeats !== undefined && (!Number.isInteger(repeats) || repeats < 1))) {
  process.stderr.write(`${USE}\n`);
  process.exit(2);
}
try {
  const { report, table } = await chosen(repeats === undefined ? {} : { repeats });
  process.stdout.write(options.includes('--json') ? `${JSON.stringify(report)}\n` : renderReport(report, table));
  process.exitCode = report.within ? 0 : 1;
} catch (thrown) {
  if (!(thrown instanceof NotHere)) throw thrown;
  process.stderr.write(`not installed here: ${thrown.message}\n`);
  process.exitCode = 3;
}

/**
 * @template {Report} R
 * @param {(options: { repeats?: number }) => R | Promise<R>} measure
 * @param {(report: R) => Table} tabulate
 */
function bench(measure, tabulate) {
  /** @returns {Promise<{ report: Report, table: Table }>} */
  return async (/** @type {{ repeats?: number }} */ options) => {
    const report = await measure(options);
    return { report, table: tabulate(report) };
  };
}

/**
 * @param {Report} report
 * @param {Table} table
 */
function renderReport({ title, note }, { header, rows }) {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const lines = [header, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ').trimEnd());
  return [title, '', ...lines, '', note, ''].join('\n');
}
