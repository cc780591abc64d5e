import { cpus } from 'node:os';

import { runSource } from './run-source.mjs';
import { sideBySide } from './side-by-side.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** What a page may take with very many runs stored, in what it takes with few. */
const LIMIT = 1.5;
const FEW = 1_000;
const MANY = 1_000_000;

/**
 * Pages of the list of runs, and of one run anywhere in the history, with a thousand runs stored and with a million: embedded store, in one process, in turns.
 *
 * @param {{ repeats?: number | undefined }} options reads of each kind, 500 when left out
 */
export async function benchHistory({ repeats = 500 }) {
  const measured = await inTemporaryFolder((dir) => runSource(new URL('../scenarios/history-host.ts', import.meta.url), [dir, String(FEW), String(MANY), String(repeats)]));
  /** @type {{ name: string, fewMs: number[], manyMs: number[] }[]} */
  const reads = measured.reads;
  const rows = reads.map(({ name, fewMs, manyMs }) => {
    const [few, many] = sideBySide('', { name, times: fewMs }, [{ name, times: manyMs, limit: LIMIT }]).rows;
    if (few === undefined || many === undefined) throw new Error('nothing was measured');
    const { ratio, limit, within } = many;
    return { name, few, many, ratio, limit, within };
  });
  return {
    title: `What is asked of the history with ${String(FEW)} runs stored, and with ${String(MANY)}`,
    rows,
    bytes: measured.bytes,
    filledMs: measured.filledMs,
    within: rows.every((row) => row.within !== false),
    note: `${String(repeats)} reads of each kind in turns, another run each time; ${(measured.bytes / 2 ** 30).toFixed(2)} GiB, made in ${(measured.filledMs / 1_000).toFixed(0)} s; Node ${process.version}; ${String(cpus().length)} cores`,
  };
}

/** @param {Awaited<ReturnType<typeof benchHistory>>} report */
export function tabulateHistory({ rows }) {
  const shown = (/** @type {{ medianMs: number, p90Ms: number }} */ { medianMs, p90Ms }) => `${medianMs.toFixed(3)} ms (90 %: ${p90Ms.toFixed(3)})`;
  return {
    header: ['', `${String(FEW)} runs`, `${String(MANY)} runs`, 'ratio', 'promised'],
    rows: rows.map(({ name, few, many, ratio, limit, within }) => [name, shown(few), shown(many), `${ratio.toFixed(2)} ×`, `${within === false ? 'OVER' : 'within'} ${String(limit)} ×`]),
  };
}
