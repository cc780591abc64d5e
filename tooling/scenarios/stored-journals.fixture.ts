import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { RunEvent, RunId, RunState } from '@kb-labs/contracts';
import type { EventLog, NewWait } from '@kb-labs/ports';
import { foldRun, toRunSummary } from '@kb-labs/projector';

const FOLDER = new URL('../fixtures/journals/', import.meta.url);

/** A journal of its own time, as it was stored. */
export interface StoredRun {
  readonly id: RunId;
  readonly events: readonly RunEvent[];
}

/** Runs that belong together: the first is what it is about, the others it has called or goes back to. */
export interface StoredJournals {
  readonly about: string;
  readonly runs: readonly StoredRun[];
}

export interface RecordedJournals extends StoredJournals {
  /** `<version>/<name>`. */
  readonly name: string;
  /** Where what is expected of them is, as a file. */
  readonly expected: string;
}

/** All that were ever recorded, by version and name. */
export function recordedJournals(): RecordedJournals[] {
  const versions = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return versions.flatMap(({ name: version }) => {
    const folder = new URL(`${version}/`, FOLDER);
    const files = readdirSync(folder).filter((file) => file.endsWith('.json') && !file.endsWith('.expected.json'));
    return files.toSorted().map((file) => {
      const name = basename(file, '.json');
      const stored = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as StoredJournals;
      return { name: `${version}/${name}`, expected: fileURLToPath(new URL(`${name}.expected.json`, folder)), ...stored };
    });
  });
}

/**
 * Puts a journal into a store, event by event. Tickets are not part of it: `reconcile` makes those that are missing.
 * What the journal says is not looked at, but for what lists and answers go by.
 */
export async function store(log: EventLog, { id, events }: StoredRun): Promise<void> {
  let state: RunState | undefined;
  for (const event of events) {
    const { seq, at, ...body } = event;
    state = foldRun(id, [event], state);
    const summary = toRunSummary(state);
    const written =
      seq === 1
        ? await log.create({ runId: id, at, events: [body], summary, enqueue: [], maxOpenRuns: 1_000 })
        : await log.append({ runId: id, at, events: [body], expected: seq - 1, summary, ...waitsOf(event) });
    if (!written.ok) throw new Error(`event ${String(seq)} of ${id} was refused: ${written.refused}`);
  }
}

function waitsOf(event: RunEvent): { waits?: { open: NewWait[]; close: { job: string }[] } } {
  if (event.type === 'step.answered' || (event.type === 'job.started' && event.turn > 0)) return { waits: { open: [], close: [{ job: event.job }] } };
  if (event.type !== 'step.waiting') return {};
  const { job, step, wait } = event;
  if (wait.kind === 'approval' || wait.kind === 'callback') return { waits: { open: [{ job, step, kind: wait.kind }], close: [] } };
  return wait.kind === 'signal' ? { waits: { open: [{ job, step, kind: 'signal', name: wait.name }], close: [] } } : {};
}
