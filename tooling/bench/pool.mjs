import { runSource } from './run-source.mjs';
import { sideBySide } from './side-by-side.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** What a warm process may add to a step, in messages to such a process and back. */
const LIMIT = 2;

/**
 * What a step of a plugin costs more when it runs in a process of the pool that is warm, next to one message to another process and back.
 *
 * @param {{ repeats?: number | undefined }} options rounds, 300 when left out
 */
export async function benchPool({ repeats = 300 }) {
  const measured = await inTemporaryFolder((dir) => runSource(new URL('../scenarios/pool-host.ts', import.meta.url), [dir, String(repeats)]));
  /** @type {{ messageMs: number, hereMs: number, pooledMs: number }[]} */
  const rounds = measured.rounds;
  return sideBySide(
    'A step of a plugin in a process that is kept warm',
    { name: 'a message to a warm process and back', times: rounds.map(({ messageMs }) => messageMs) },
    [
      { name: 'what the process adds to the step', times: rounds.map(({ pooledMs, hereMs }) => pooledMs - hereMs), limit: LIMIT },
      { name: 'a run of two steps, none of them there', times: rounds.map(({ hereMs }) => hereMs) },
    ],
  );
}
