import type { CommandContext } from '../command-context.js';
import type { RunDesk } from '../desk/run-desk.js';

const MOST_NAMED = 5;

/** An answer is kept with the run; who carries the run on is another matter, and worth saying where nobody does. */
export async function tellUnserved({ terminal }: CommandContext, desk: RunDesk, runs: readonly string[]): Promise<void> {
  const alone = await desk.unserved(runs);
  const how = (id: string): string => (desk.carriage === undefined ? 'it goes on when a daemon runs again' : `"kb workflow:resume --run-id=${id}" does`);
  terminal.note([
    ...alone.slice(0, MOST_NAMED).map((id) => `nobody carries ${id} on: ${how(id)}`),
    ...(alone.length > MOST_NAMED ? [`nor ${String(alone.length - MOST_NAMED)} others`] : []),
  ]);
}
