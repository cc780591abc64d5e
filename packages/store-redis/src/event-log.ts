import { isTerminalRun, JOURNAL_SCHEMA, type RunEvent, type RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Append, AppendResult, Create, CreateResult, EventLog, RunChange } from '@kb-labs/ports';

import type { ChangeWatch } from './change-watch.js';
import { createRun } from './create-run.js';
import type { StoreDeps } from './deps.js';
import { entryOfAppend, toTicketIds } from './entries.js';
import { parseEvents, sizeOf, wrongSchema } from './journal.js';
import { APPEND_EVENTS, READ_EVENTS } from './lua/run-scripts.js';
import { writeToRun } from './write-to-run.js';

export class RedisEventLog implements EventLog {
  readonly #deps: StoreDeps;
  readonly #watch: ChangeWatch;

  constructor(deps: StoreDeps, watch: ChangeWatch) {
    this.#deps = deps;
    this.#watch = watch;
  }

  append(command: Append): Promise<AppendResult> {
    return this.#deps.link.operate(() => appendEvents(this.#deps, command));
  }

  create(command: Create): Promise<CreateResult> {
    return this.#deps.link.operate(() => createRun(this.#deps, command));
  }

  read(runId: RunId, after: number, limit?: number): Promise<RunEvent[]> {
    return this.#deps.link.operate(() => readEvents(this.#deps, runId, { after, limit }));
  }

  watch(runId: RunId | null, onChange: (change?: RunChange) => void): () => void {
    return this.#watch.watchRun(runId, onChange);
  }
}

type Reply =
  | readonly ['absent' | 'fenced' | 'closed' | 'conflict']
  | readonly ['schema', string]
  | readonly ['ok', number | string, readonly string[]];

async function appendEvents(deps: StoreDeps, command: Append): Promise<AppendResult> {
  const { keys, outbox } = deps;
  const { runId, fence, fences = [], expected, summary, events, settle = [], enqueue = [] } = command;
  const entry = entryOfAppend(command);
  const { run, events: list, tickets, outbox: waiting, steps } = keys.of(runId);
  const bodies = events.map((event) => JSON.stringify(event));
  const args = [
    expected ?? '',
    fence?.ticket ?? '',
    fence?.token ?? '',
    JOURNAL_SCHEMA,
    entry.text,
    entry.hasEffects ? 1 : 0,
    summary?.status ?? '',
    summary?.startedAt ?? '',
    summary?.finishedAt ?? '',
    summary !== undefined && isTerminalRun(summary.status) ? 1 : 0,
    keys.channels.run(runId),
    keys.channels.runs,
    events.length,
    settle.length,
    enqueue.length,
    sizeOf(bodies),
    ...bodies.map((body) => `${String(command.at)} ${body}`),
    ...settle,
    ...toTicketIds(enqueue),
    ...fences.flatMap(({ ticket, token }) => [ticket, token]),
  ];
  const send = async (): Promise<Reply> => (await writeToRun(deps, runId, APPEND_EVENTS, [run, list, tickets, waiting, steps], args)) as Reply;
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
