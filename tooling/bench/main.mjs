import { benchCli } from './cli.mjs';

const BENCHES = { cli: benchCli };
const USE = `pnpm bench <${Object.keys(BENCHES).join('|')}> [--json] [--repeats=N]`;

const [name = '', ...options] = process.argv.slice(2);
const bench = new Map(Object.entries(BENCHES)).get(name);
const repeats = Number(options.find((option) => option.startsWith('--repeats='))?.slice('--repeats='.length) ?? 30);
if (bench === undefined || !Number.isInteger(repeats) || repeats < 1) {
  process.stderr.write(`${USE}\n`);
  process.exit(2);
}
const report = bench({ repeats });
process.stdout.write(options.includes('--json') ? `${JSON.stringify(report)}\n` : renderReport(report));
process.exitCode = report.rows.every((row) => row.within !== false) ? 0 : 1;

/** @param {ReturnType<typeof benchCli>} report */
function renderReport({ title, reference, rows, note }) {
  const cells = rows.map((row) => [
    row.name,
    `${row.medianMs.toFixed(1)} ms`,
    `${row.p10Ms.toFixed(1)} to ${row.p90Ms.toFixed(1)}`,
    row.name === reference ? '' : `${row.ratio.toFixed(2)} ×`,
    row.limit === undefined ? '' : `${row.within ? 'within' : 'OVER'} ${row.limit} ×`,
  ]);
  const header = ['', 'median', '10 % to 90 %', `to ${reference}`, 'promised'];
  const widths = header.map((_, column) => Math.max(...[header, ...cells].map((row) => row[column]?.length ?? 0)));
  const lines = [header, ...cells].map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ').trimEnd());
  return [title, '', ...lines, '', note, ''].join('\n');
}
