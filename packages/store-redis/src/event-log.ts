import { JOURNAL_SCHEMA, type RunEvent, type RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Append, AppendResult, Begin, Create, CreateResult, EventLog, RunChange } from '@kb-labs/ports';

import type { ChangeWatch } from './change-watch.js';
import { createRun } from './create-run.js';
import { appendArguments, type AppendReply } from './append-arguments.js';
import type { StoreDeps } from './deps.js';
import { parseEvents, wrongSchema } from './journal.js';
import { APPEND_EVENTS, READ_EVENTS } from './lua/run-scripts.js';
import type { HandingOutDeps } from './take-tickets.js';
import { appendStatus, queueAndHandOut } from './write-to-run.js';

export class RedisEventLog implements EventLog {
  readonly #deps: HandingOutDeps;
  readonly #watch: ChangeWatch;

  constructor(deps: HandingOutDeps, watch: ChangeWatch) {
    this.#deps = deps;
    this.#watch = watch;
  }

  append(command: Append): Promise<AppendResult> {
    return this.#deps.link.operate(() => appendEvents(this.#deps, command));
  }

  create(command: Create, begin?: Begin): Promise<CreateResult> {
    return this.#deps.link.operate(() => createRun(this.#deps, command, begin));
  }

  read(runId: RunId, after: number, limit?: number): Promise<RunEvent[]> {
    return this.#deps.link.operate(() => readEvents(this.#deps, runId, { after, limit }));
  }

  watch(runId: RunId | null, onChange: (change?: RunChange) => void): () => void {
    return this.#watch.watchRun(runId, onChange);
  }
}

async function appendEvents(deps: HandingOutDeps, command: Append): Promise<AppendResult> {
  const { link, keys, outbox } = deps;
  const { runId, enqueue = [], claim = [] } = command;
  const { run, events: list, tickets, outbox: waiting, steps } = keys.of(runId);
  const own = [run, list, tickets, waiting, steps];
  const { args, asked } = appendArguments(deps, command);
  const send = (): Promise<AppendReply> => {
    switch (asked) {
      case 'nothing':
        return link.run(APPEND_EVENTS, own, args) as Promise<AppendReply>;
      case 'status':
        return appendStatus(deps, runId, own, args) as Promise<AppendReply>;
      case 'more':
        return queueAndHandOut(deps, runId, APPEND_EVENTS, own, args, claim.length > 0 ? 0 : enqueue.length);
    }
  };
  const reply = await outbox.write(runId, send, (answered) => (answered[0] === 'ok' ? answered[2] : []));
  switch (reply[0]) {
    case 'ok':
      return { ok: true, seq: Number(reply[1]) };
    case 'schema':
      throw wrongSchema(runId, reply[1]);
    default:
      return { ok: false, refused: reply[0] };
  }
}

async function readEvents({ link, keys }: StoreDeps, runId: RunId, range: { after: number; limit: number | undefined }): Promise<RunEvent[]> {
  const after = Math.max(range.after, 0);
  if (range.limit !== undefined && range.limit <= 0) return [];
  const last = range.limit === undefined ? -1 : after + range.limit - 1;
  const { run, events } = keys.of(runId);
  const reply = (await link.run(READ_EVENTS, [run, events], [after, last])) as [] | [string, string, number, string[]];
  if (reply.length === 0) return [];
  const [journal, head, length, texts] = reply;
  if (journal !== String(JOURNAL_SCHEMA)) throw wrongSchema(runId, journal);
  if (Number(head) !== length) throw new AppError('STATE_CORRUPT', { problem: `the journal of ${runId} has ${String(length)} events instead of ${head}` });
  return parseEvents(runId, after, texts);
}
