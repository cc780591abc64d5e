import { runSource } from './run-source.mjs';
import { sideBySide } from './side-by-side.mjs';
import { spread } from './spread.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** What a run of three steps that do nothing may take, in three commits of as many bytes. */
const LIMIT = 2.5;

/**
 * How long a run of three steps that do nothing takes on the embedded store, from its start to its being known to have ended, next to three commits to
 * a file of the same kind that wait for the disk as well; and how many such runs end per second when many are on their way at once.
 *
 * @param {{ repeats?: number | undefined }} options rounds, 30 when left out
 */
export async function benchSteps({ repeats = 30 }) {
  const { rounds, bytes, steps, atOnce } = await inTemporaryFolder((dir) => runSource(new URL('../scenarios/steps-host.ts', import.meta.url), [dir, String(repeats)]));
  const times = (/** @type {string} */ name) => rounds.map((/** @type {Record<string, number>} */ round) => round[name]);
  const report = sideBySide(
    `A run of ${String(steps)} steps that do nothing, one after another, embedded store`,
    { name: `${String(steps)} commits, ${String(bytes)} bytes in all`, times: times('referenceMs') },
    [{ name: `a run of ${String(steps)} steps`, times: times('productMs'), limit: LIMIT }],
  );
  const { medianMs: runsPerSecond, p10Ms, p90Ms } = spread(times('runsPerSecond'));
  return { ...report, atOnce, runsPerSecond, note: `${String(atOnce)} at once: ${runsPerSecond.toFixed(0)} runs per second (10 % to 90 %: ${p10Ms.toFixed(0)} to ${p90Ms.toFixed(0)}); ${report.note}` };
}
