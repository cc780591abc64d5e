import type { RunEvent, RunId } from '@kb-labs/contracts';
import type { Append, AppendResult, Begin, Create, CreateResult, EventLog, RunChange } from '@kb-labs/ports';

import { appendEvents } from './append-events.js';
import type { ChangeWatch } from './change-watch.js';
import type { CommitGroup } from './commit-group.js';
import type { Connection } from './connection.js';
import { createRun } from './create-run.js';
import { readEvents } from './journal.js';
import type { StandingBy } from './standing-by.js';

export class EmbeddedEventLog implements EventLog {
  readonly #connection: Connection;
  readonly #group: CommitGroup;
  readonly #watch: ChangeWatch;
  readonly #standingBy: StandingBy;

  constructor(connection: Connection, group: CommitGroup, watch: ChangeWatch, standingBy: StandingBy) {
    this.#connection = connection;
    this.#group = group;
    this.#watch = watch;
    this.#standingBy = standingBy;
  }

  append(command: Append): Promise<AppendResult> {
    return this.#group.write((changes) => appendEvents(this.#connection, command, changes));
  }

  create(command: Create, begin?: Begin): Promise<CreateResult> {
    return this.#group.write((changes) => createRun(this.#connection, command, changes, begin === undefined ? undefined : { begin, standingBy: this.#standingBy }));
  }

  read(runId: RunId, after: number, limit?: number): Promise<RunEvent[]> {
    // SQLite takes a negative limit for none.
    return this.#group.read(() => readEvents(this.#connection, runId, { after, limit: limit ?? -1 }));
  }

  watch(runId: RunId | null, onChange: (change?: RunChange) => void): () => void {
    return this.#watch.watchRun(runId, onChange);
  }
}
