import { runSource } from './run-source.mjs';
import { sideBySide } from './side-by-side.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** What the last steps of a long job may cost, in what its first ones cost. */
const LIMIT = 1.3;
const STEPS = 1_000;
const COUNTED = 100;

/** @typedef {{ ms: number, cpuMs: number }} Took */

/**
 * What a step costs as its job grows: steps that do nothing, one after another, embedded store.
 *
 * @param {{ repeats?: number | undefined }} options runs, 15 when left out
 */
export async function benchLongJob({ repeats = 15 }) {
  const measured = await inTemporaryFolder((dir) =>
    runSource(new URL('../scenarios/long-job-host.ts', import.meta.url), [dir, String(STEPS), String(repeats), String(COUNTED)]),
  );
  /** @type {{ first: Took, last: Took }[]} */
  const rounds = measured.rounds;
  const report = sideBySide(
    `A step of a job with ${String(STEPS)} of them, a document may have 256`,
    { name: `one of the first ${String(COUNTED)}`, times: rounds.map(({ first }) => first.ms) },
    [{ name: `one of the last ${String(COUNTED)}`, times: rounds.map(({ last }) => last.ms), limit: LIMIT }],
  );
  const cpu = sideBySide('', { name: '', times: rounds.map(({ first }) => first.cpuMs) }, [{ name: '', times: rounds.map(({ last }) => last.cpuMs) }]);
  const [first, last] = cpu.rows;
  return { ...report, cpu: cpu.rows, note: `processor time ${first?.medianMs.toFixed(3) ?? ''} and ${last?.medianMs.toFixed(3) ?? ''} ms, ${last?.ratio.toFixed(2) ?? ''} ×; ${report.note}` };
}
