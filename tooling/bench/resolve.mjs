import { runSource } from './run-source.mjs';
import { sideBySide } from './side-by-side.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** What a document may take until its jobs are known, in parses of its text. */
const LIMIT = 3;

/**
 * From the text of a document to a plan and all its jobs, everything checked, next to the same text parsed as YAML. The largest document there
 * can be: as many written jobs as are allowed, with matrices that make as many jobs of them as a run may have.
 *
 * @param {{ repeats?: number | undefined }} options rounds, 20 when left out
 */
export async function benchResolve({ repeats = 20 }) {
  const measured = await inTemporaryFolder((dir) => runSource(new URL('../scenarios/resolve-host.ts', import.meta.url), [dir, String(repeats)]));
  /** @type {{ parseMs: number, resolveMs: number }[]} */
  const rounds = measured.rounds;
  return sideBySide(
    `A document of ${String(measured.bytes)} bytes, ${String(measured.written)} jobs with matrices, ${String(measured.jobs)} jobs in all`,
    { name: 'parsed as YAML', times: rounds.map(({ parseMs }) => parseMs) },
    [{ name: 'read, checked, planned, all matrices expanded', times: rounds.map(({ resolveMs }) => resolveMs), limit: LIMIT }],
  );
}
