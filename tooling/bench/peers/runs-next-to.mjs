import { cpus } from 'node:os';
import { join } from 'node:path';

import { Contestant } from './contestant.mjs';
import { allWithin, inTurns } from './turns.mjs';

const AT_ONCE = 50;
const FOR_MS = 3_000;

/**
 * Runs of three steps that do nothing, fifty clients at once: the engine inside of one process, on the embedded store below `dir`, next to a peer.
 *
 * @param {() => Promise<Contestant>} startPeer
 * @param {{ dir: string, title: string, name: string, limit: number, repeats: number, details?: string }} options `name` with the version; `limit` is how many times its rate is promised
 */
export async function runsNextTo(startPeer, { dir, title, name, limit, repeats, details }) {
  const theirs = await startPeer();
  const ours = await Contestant.startSource(new URL('./ours.mjs', import.meta.url), [join(dir, 'ours'), String(AT_ONCE)]);
  const rate = { do: 'rate', atOnce: AT_ONCE, forMs: FOR_MS };
  for (const contestant of [theirs, ours]) await contestant.ask(rate);
  const rows = await inTurns(
    [
      {
        what: `runs of three steps that do nothing, ${String(AT_ONCE)} at once`,
        unit: 'per second',
        ours: { name: 'embedded store', measure: () => ours.ask(rate) },
        theirs: { name, measure: () => theirs.ask(rate) },
        limit,
      },
    ],
    repeats,
  );
  await ours.end();
  await theirs.end();
  const machine = [...(details === undefined ? [] : [details]), `Node ${process.version}`, `${String(cpus().length)} cores`].join('; ');
  return { title, rows, within: allWithin(rows), note: `${String(repeats)} rounds of ${String(FOR_MS / 1_000)} s in turns, after one to warm up; both as they are set up by default; ${machine}` };
}
