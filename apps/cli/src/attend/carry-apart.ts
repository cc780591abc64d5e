import type { RunId } from '@kb-labs/contracts';
import type { Composition } from '@kb-labs/daemon';

/** As many as one command line of any system can name. */
const RUNS_OF_ONE_WORKER = 500;

/**
 * Hands runs that are to go on apart from a followed one to a worker in the background, which goes on after this process, and
 * says so. Those that somebody serves already, a daemon for instance, are left to them.
 */
export async function carryApart(engine: Composition, started: readonly RunId[], note: (text: string) => void): Promise<void> {
  if (started.length === 0) return;
  const served = await engine.deps.queue.served(started);
  const alone = started.filter((runId) => !served.has(runId));
  const [first] = alone;
  if (first === undefined) return;
  const { carryInBackground } = await import('./hand-over.js');
  for (let at = 0; at < alone.length; at += RUNS_OF_ONE_WORKER) carryInBackground(engine, alone.slice(at, at + RUNS_OF_ONE_WORKER));
  const more = alone.length - 1;
  note(more === 0 ? `${first} goes on in the background` : `${first} and ${String(more)} more ${more === 1 ? 'run' : 'runs'} go on in the background`);
}
