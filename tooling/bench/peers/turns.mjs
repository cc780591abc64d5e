import { spread } from '../spread.mjs';
import { atRest } from './at-rest.mjs';

/**
 * @typedef {object} Side
 * @property {string} name
 * @property {() => Promise<number>} measure
 *
 * @typedef {object} Compared one thing that both sides do
 * @property {string} what
 * @property {'per second' | 'ms'} unit
 * @property {Side} ours
 * @property {Side} theirs
 * @property {number} [limit] of ours to theirs: at least, where more is better; at most, where less is. Left out: nothing is promised
 */

/**
 * Measures both sides of each in turns, so that a machine that slows down slows both, and compares them round by round. Each begins when the machine has
 * come to rest.
 *
 * @param {readonly Compared[]} all
 * @param {number} repeats
 * @param {{ rest?: () => Promise<boolean> }} [options]
 */
export async function inTurns(all, repeats, { rest = atRest } = {}) {
  const measured = await rounds(all, repeats, rest);
  return measured.map(({ what, unit, ours, theirs, limit, values }) => {
    const ratio = spread(values.map((value) => value.ours / value.theirs)).medianMs;
    const within = limit === undefined ? undefined : unit === 'ms' ? ratio <= limit : ratio >= limit;
    return {
      what,
      unit,
      ours: { name: ours.name, ...named(values.map((value) => value.ours)) },
      theirs: { name: theirs.name, ...named(values.map((value) => value.theirs)) },
      ratio,
      ...(limit === undefined ? {} : { limit, within }),
    };
  });
}

/**
 * @param {readonly Compared[]} all
 * @param {number} repeats
 * @param {() => Promise<boolean>} rest
 */
async function rounds(all, repeats, rest) {
  const measured = all.map((one) => ({ ...one, values: /** @type {{ ours: number, theirs: number }[]} */ ([]) }));
  let restless = 0;
  const afterRest = async (/** @type {Side} */ { measure }) => {
    if (!(await rest())) restless += 1;
    return measure();
  };
  for (let round = 0; round < repeats; round += 1) {
    for (const { values, ours, theirs } of measured) values.push({ theirs: await afterRest(theirs), ours: await afterRest(ours) });
  }
  if (restless > 0) process.stderr.write(`${String(restless)} of ${String(2 * repeats * all.length)} turns began although the machine had other things to do\n`);
  return measured;
}

/** @param {readonly number[]} values */
function named(values) {
  const { medianMs: median, p10Ms: p10, p90Ms: p90 } = spread(values);
  return { median, p10, p90 };
}

/** @typedef {Awaited<ReturnType<typeof inTurns>>[number]} Row */

/** @param {readonly Row[]} rows */
export function allWithin(rows) {
  return rows.every(({ within }) => within !== false);
}

/** @param {{ rows: readonly Row[] }} report */
export function tabulateTurns({ rows }) {
  return {
    header: ['', 'median', '10 % to 90 %', 'ratio', 'promised'],
    rows: rows.flatMap(({ what, unit, ours, theirs, ratio, limit, within }) => [
      [what, '', '', '', ''],
      [`  ${theirs.name}`, shown(theirs.median, unit), `${short(theirs.p10)} to ${short(theirs.p90)}`, '', ''],
      [
        `  ${ours.name}`,
        shown(ours.median, unit),
        `${short(ours.p10)} to ${short(ours.p90)}`,
        `${ratio.toFixed(2)} ×`,
        limit === undefined ? '' : `${within === true ? 'within' : 'OVER'}: ${unit === 'ms' ? 'at most' : 'at least'} ${String(limit)} ×`,
      ],
    ]),
  };
}

/**
 * @param {number} value
 * @param {Row['unit']} unit
 */
function shown(value, unit) {
  return unit === 'ms' ? `${short(value)} ms` : `${short(value)}/s`;
}

/** @param {number} value */
function short(value) {
  return value.toFixed(value < 100 ? 2 : 0);
}
