import { isTerminalRun, type RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Create, CreateResult } from '@kb-labs/ports';

import type { StoreDeps } from './deps.js';
import { entryOfCreate, toTicketIds } from './entries.js';
import { sizeOf, summaryFields } from './journal.js';
import type { Argument } from './link.js';
import { CREATE_RUN } from './lua/in-one-call.js';
import { RESERVE_RUN, TAKE_RESERVATION_BACK } from './lua/reservations.js';
import { OPEN_RUN } from './lua/run-scripts.js';
import { isRefusal } from './state-errors.js';
import { writeToRun } from './write-to-run.js';

type InTheWay = readonly ['full' | 'key-conflict'] | readonly ['repeated', RunId] | readonly ['pending', RunId, string];
type Reserved = readonly ['new'] | readonly ['again'] | InTheWay;
type Opened = readonly [opened: 0 | 1, waiting: readonly string[]];
type Begun = readonly ['new' | 'again', ...Opened] | InTheWay;

/**
 * Opens a run in three steps: reserves its place and its idempotency key, opens the journal, enters it in the lists. The
 * reservation of a key holds the whole command, so that whoever meets the key afterwards, or the sweep, takes the other
 * two steps for a process that died. Each can be taken twice. Where all keys are together they are one call.
 */
export async function createRun(deps: StoreDeps, command: Create): Promise<CreateResult> {
  checkBeginning(command);
  const begun = await (deps.keysTogether ? beginInOneCall(deps, command) : begin(deps, command));
  switch (begun[0]) {
    case 'full':
    case 'key-conflict':
      return { ok: false, refused: begun[0] };
    case 'repeated':
      return { ok: true, runId: begun[1], repeated: true };
    case 'pending':
      await finishCreating(deps, begun[1], begun[2]);
      return { ok: true, runId: begun[1], repeated: true };
    case 'new':
      return { ok: true, runId: command.runId, repeated: false };
    case 'again':
      return { ok: true, runId: command.runId, repeated: begun[1] === 0 };
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

async function begin(deps: StoreDeps, command: Create): Promise<Begun> {
  const { link, keys } = deps;
  const reserved = (await link.run(RESERVE_RUN, [keys.base], reservationOf(deps, command))) as Reserved;
  if (reserved[0] !== 'new' && reserved[0] !== 'again') return reserved;
  return [reserved[0], ...(await orTakeBack(deps, command, () => openRun(deps, command)))];
}

async function beginInOneCall(deps: StoreDeps, command: Create): Promise<Begun> {
  const { link, keys, outbox } = deps;
  const { own, args } = openingOf(deps, command);
  const send = async (): Promise<Begun> => (await link.run(CREATE_RUN, [...own, keys.base], [...args, ...reservationOf(deps, command)])) as Begun;
  return await orTakeBack(deps, command, () => outbox.write(command.runId, send, (begun) => (begun[0] === 'new' || begun[0] === 'again' ? begun[2] : [])));
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

/** The arguments of `RESERVE_RUN`. */
function reservationOf({ link }: StoreDeps, command: Create): Argument[] {
  const { runId, at, maxOpenRuns, idempotency } = command;
  const key = idempotency === undefined ? ['', '', '', ''] : [JSON.stringify(command), idempotency.key, idempotency.digest, idempotency.keepUntil];
  return [link.now, runId, at, maxOpenRuns, ...key];
}

/** The keys and arguments of `OPEN_RUN`. */
function openingOf({ keys }: StoreDeps, command: Create): { own: string[]; args: Argument[] } {
  const { runId, events, enqueue } = command;
  const { run, events: list, tickets, outbox } = keys.of(runId);
  const bodies = events.map((event) => JSON.stringify(event));
  const bytes = sizeOf(bodies);
  const fields = fieldsOf(command, bytes);
  const args = [
    entryOfCreate(command, bytes),
    keys.channels.run(runId),
    keys.channels.runs,
    fields.length / 2,
    events.length,
    ...fields,
    ...bodies.map((body) => `${String(command.at)} ${body}`),
    ...toTicketIds(enqueue),
  ];
  return { own: [run, list, tickets, outbox], args };
}

function fieldsOf(command: Create, bytes: number): string[] {
  const head = String(command.events.length);
  const ended = isTerminalRun(command.summary.status) ? '1' : '0';
  return ['journal', versionOf(command), 'head', head, 'decided', head, 'bytes', String(bytes), 'ended', ended, 'root', command.summary.root, ...summaryFields(command.summary)];
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
