import { runSource } from './run-source.mjs';
import { sideBySide } from './side-by-side.mjs';
import { inTemporaryFolder } from './temporary-folder.mjs';

/** What a step with a shell may add to a run, in shells that are started without an engine. */
const LIMIT = 1.5;

/**
 * What a step that starts a shell adds to a run: all of it, its place in the journal with it, next to `spawn('sh', ['-c', 'true'])`.
 *
 * @param {{ repeats?: number | undefined }} options rounds, 200 when left out
 */
export async function benchShell({ repeats = 200 }) {
  const measured = await inTemporaryFolder((dir) => runSource(new URL('../scenarios/shell-host.ts', import.meta.url), [dir, String(repeats)]));
  /** @type {{ spawnMs: number, withoutMs: number, withMs: number }[]} */
  const rounds = measured.rounds;
  return sideBySide(
    'A step that starts a shell',
    { name: "spawn('sh', ['-c', 'true'])", times: rounds.map(({ spawnMs }) => spawnMs) },
    [
      { name: 'what the step adds to a run', times: rounds.map(({ withMs, withoutMs }) => withMs - withoutMs), limit: LIMIT },
      { name: 'the run without it', times: rounds.map(({ withoutMs }) => withoutMs) },
    ],
  );
}
