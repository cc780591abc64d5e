import { isTerminalRun, type RunId, toEventText } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Begin, Create, CreateResult } from '@kb-labs/ports';

import { appendArguments } from './append-arguments.js';
import type { StoreDeps } from './deps.js';
import { entryOfCreate, toTicketIds } from './entries.js';
import { sizeOf, summaryFields } from './journal.js';
import type { Argument } from './link.js';
import { CREATE_AND_BEGIN, CREATE_RUN } from './lua/in-one-call.js';
import { RESERVE_RUN, TAKE_RESERVATION_BACK } from './lua/reservations.js';
import { OPEN_RUN } from './lua/run-scripts.js';
import { isRefusal } from './state-errors.js';
import type { Grabbed, HandingOutDeps } from './take-tickets.js';
import type { PickedRow } from './ticket-rows.js';
import { writeToRun } from './write-to-run.js';

type InTheWay = readonly ['full' | 'key-conflict'] | readonly ['repeated', RunId] | readonly ['pending', RunId, string];
type Reserved = readonly ['new'] | readonly ['again'] | InTheWay;
type Opened = readonly [opened: 0 | 1, waiting: readonly string[]];
type Created = readonly ['new' | 'again', ...Opened] | InTheWay;

/**
 * Opens a run in three steps: reserves its place and its idempotency key, opens the journal, enters it in the lists. The
 * reservation of a key holds the whole command, so that whoever meets the key afterwards, or the sweep, takes the other
 * two steps for a process that died. Each can be taken twice. Where all keys are together they are one call.
 */
export async function createRun(deps: HandingOutDeps, command: Create, begin?: Begin): Promise<CreateResult> {
  checkBeginning(command);
  const created = await (deps.keysTogether ? createInOneCall(deps, command, begin) : createInSteps(deps, command));
  switch (created[0]) {
    case 'full':
    case 'key-conflict':
      return { ok: false, refused: created[0] };
    case 'repeated':
      return { ok: true, runId: created[1], repeated: true };
    case 'pending':
      await finishCreating(deps, created[1], created[2]);
      return { ok: true, runId: created[1], repeated: true };
    case 'new':
      return { ok: true, runId: command.runId, repeated: false };
    case 'again':
      return { ok: true, runId: command.runId, repeated: created[1] === 0 };
  }
}

/** Takes the steps that are left for a command that was reserved. */
export async function finishCreating(deps: StoreDeps, runId: RunId, written: string): Promise<void> {
  let command: Create;
  try {
    command = JSON.parse(written) as Create;
  } catch {
    throw new AppError('STATE_CORRUPT', { problem: `the command that opens ${runId} cannot be read` });
  }
  await openRun(deps, command);
}

async function createInSteps(deps: StoreDeps, command: Create): Promise<Created> {
  const { link, keys } = deps;
  const reserved = (await link.run(RESERVE_RUN, [keys.base], [link.now, ...reservationOf(command)])) as Reserved;
  if (reserved[0] !== 'new' && reserved[0] !== 'again') return reserved;
  return [reserved[0], ...(await orTakeBack(deps, command, () => openRun(deps, command)))];
}

async function createInOneCall(deps: HandingOutDeps, command: Create, begin: Begin | undefined): Promise<Created> {
  const send = async (): Promise<Created> => (await createAndBegin(deps, command, begin)).created;
  return await orTakeBack(deps, command, () => deps.outbox.write(command.runId, send, (created) => (created[0] === 'new' || created[0] === 'again' ? created[2] : [])));
}

interface CreatedAndBegun {
  readonly created: Created;
  readonly hasBegun: boolean;
}

function createAndBegin(deps: HandingOutDeps, command: Create, begin: Begin | undefined): Promise<CreatedAndBegun> {
  const { link, keys, taker } = deps;
  const { own, args } = openingOf(deps, command);
  const creating = [...args, ...reservationOf(command)];
  const queued = { tickets: (command.claim ?? []).length > 0 ? 0 : command.enqueue.length, ...(begin === undefined ? {} : { first: begin.worker }) };
  return taker.handOutWith(
    queued,
    async (picking) => {
      if (picking === undefined) return [{ created: (await link.run(CREATE_RUN, [...own, keys.base], [...creating, link.now])) as Created, hasBegun: false }, [], []];
      const beginning = begin?.worker === picking.worker ? beginningOf(deps, begin) : [0, 0, ''];
      const reply = await link.run(CREATE_AND_BEGIN, [...own, keys.of(command.runId).steps, keys.base], [...creating, ...picking.args, ...beginning, link.now]);
      const [created, rows, grabbed, begun] = reply as [Created, PickedRow[], Grabbed[], 0 | 1];
      return [{ created, hasBegun: begun === 1 }, rows, grabbed];
    },
    (lease, { hasBegun }) => {
      if (!hasBegun || lease.id !== begin?.ticket) return false;
      begin.begun(lease);
      return true;
    },
  );
}

/** The last arguments of `CREATE_AND_BEGIN`: the script puts the token where a 0 is. */
function beginningOf(deps: StoreDeps, { ticket, append }: Begin): Argument[] {
  const events = append.events.map((event) => (event.type === 'job.started' ? { ...event, token: 0 } : event));
  const { args } = appendArguments(deps, { ...append, events, fence: { ticket, token: 0 } });
  return [...args, args.length, events.findIndex(({ type }) => type === 'job.started') + 1, ticket];
}

async function orTakeBack<T>(deps: StoreDeps, command: Create, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (thrown) {
    if (thrown instanceof AppError && isRefusal(thrown)) await takeBack(deps, command);
    throw thrown;
  }
}

async function openRun(deps: StoreDeps, command: Create): Promise<Opened> {
  const { own, args } = openingOf(deps, command);
  const send = async (): Promise<Opened> => (await writeToRun(deps, command.runId, OPEN_RUN, own, args)) as Opened;
  return await deps.outbox.write(command.runId, send, ([, waiting]) => waiting);
}

/** The arguments of `RESERVE_RUN`, but for the time. */
function reservationOf(command: Create): Argument[] {
  const { runId, at, maxOpenRuns, idempotency } = command;
  const key = idempotency === undefined ? ['', '', '', ''] : [JSON.stringify(command), idempotency.key, idempotency.digest, idempotency.keepUntil];
  return [runId, at, maxOpenRuns, ...key];
}

/** The keys and arguments of `OPEN_RUN`. */
function openingOf({ keys }: StoreDeps, command: Create): { own: string[]; args: Argument[] } {
  const { runId, events, enqueue } = command;
  const { run, events: list, tickets, outbox } = keys.of(runId);
  const bodies = events.map(toEventText);
  const bytes = sizeOf(bodies);
  const fields = fieldsOf(command, bytes);
  const args = [
    entryOfCreate(command, bytes),
    keys.channels.run(runId),
    keys.channels.runs,
    fields.length / 2,
    events.length,
    isTerminalRun(command.summary.status) ? 1 : 0,
    ...fields,
    ...bodies.map((body) => `${String(command.at)} ${body}`),
    ...toTicketIds(enqueue),
  ];
  return { own: [run, list, tickets, outbox], args };
}

function fieldsOf(command: Create, bytes: number): string[] {
  const head = String(command.events.length);
  const ended = isTerminalRun(command.summary.status) ? '1' : '0';
  return ['journal', versionOf(command), 'entries', '1', 'head', head, 'decided', head, 'bytes', String(bytes), 'ended', ended, 'root', command.summary.root, ...summaryFields(command.summary)];
}

/** The caller hears that nothing was done, so nobody may do it later. */
async function takeBack({ link, keys }: StoreDeps, { runId, idempotency }: Create): Promise<void> {
  const opened = await link.call('EXISTS', keys.of(runId).run);
  if (opened === 0) await link.run(TAKE_RESERVATION_BACK, [keys.base], [link.now, runId, idempotency?.key ?? '']);
}

function checkBeginning({ events }: Create): void {
  if (events[0]?.type !== 'run.started') throw new AppError('INTERNAL', { problem: 'a journal begins with run.started' });
}

function versionOf({ events }: Create): string {
  return events[0]?.type === 'run.started' ? String(events[0].schema) : '';
}
