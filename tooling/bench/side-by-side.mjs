import { cpus } from 'node:os';

import { spread } from './spread.mjs';

/**
 * What was timed in the same rounds: one thing is the reference, and some of the others are promised to take no longer than so many times as long.
 * The ratio is of each round by itself, because what else the machine does differs more from round to round than within one.
 *
 * @typedef {{ name: string, times: readonly number[], limit?: number }} Timed times in milliseconds, one for each round
 *
 * @param {string} title
 * @param {Timed} reference
 * @param {readonly Timed[]} others
 */
export function sideBySide(title, reference, others) {
  const rows = [reference, ...others].map(({ name, times, limit }) => {
    const ratio = spread(times.map((time, round) => time / (reference.times[round] ?? Number.NaN))).medianMs;
    return { name, ...spread(times), ratio, ...(limit === undefined ? {} : { limit, within: ratio <= limit }) };
  });
  return {
    title,
    reference: reference.name,
    rounds: reference.times.length,
    rows,
    within: rows.every((row) => row.within !== false),
    note: `${String(reference.times.length)} rounds in turns; Node ${process.version}; ${String(cpus().length)} cores`,
  };
}

/** @param {ReturnType<typeof sideBySide>} report */
export function tabulateSideBySide({ rows, reference }) {
  return {
    header: ['', 'median', '10 % to 90 %', 'to the reference', 'promised'],
    rows: rows.map((row) => [
      row.name,
      `${row.medianMs.toFixed(3)} ms`,
      `${row.p10Ms.toFixed(3)} to ${row.p90Ms.toFixed(3)}`,
      row.name === reference ? '' : `${row.ratio.toFixed(2)} ×`,
      row.limit === undefined ? '' : `${row.within ? 'within' : 'OVER'} ${String(row.limit)} ×`,
    ]),
  };
}
