import { benchCli, tabulateCli } from './cli.mjs';
import { benchHosts, tabulateHosts } from './hosts.mjs';
import { benchScale, tabulateScale } from './scale.mjs';
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
  ['cli', bench(benchCli, tabulateCli)],
  ['hosts', bench(benchHosts, tabulateHosts)],
  ['scale', bench(benchScale, tabulateScale)],
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
const { report, table } = await chosen(repeats === undefined ? {} : { repeats });
process.stdout.write(options.includes('--json') ? `${JSON.stringify(report)}\n` : renderReport(report, table));
process.exitCode = report.within ? 0 : 1;

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
