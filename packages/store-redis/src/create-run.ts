import { isTerminalRun, type RunId } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Create, CreateResult } from '@kb-labs/ports';

import type { StoreDeps } from './deps.js';
import { entryOfCreate, toTicketIds } from './entries.js';
import { sizeOf, summaryFields } from './journal.js';
import { RESERVE_RUN, TAKE_RESERVATION_BACK } from './lua/reservations.js';
import { OPEN_RUN } from './lua/run-scripts.js';
import { isRefusal } from './state-errors.js';

type Reserved = readonly ['new' | 'again' | 'full' | 'key-conflict'] | readonly ['repeated', RunId] | readonly ['pending', RunId, string];

/**
 * Opens a run in three steps: reserves its place and its idempotency key, opens the journal, enters it in the lists. The
 * reservation of a key holds the whole command, so that whoever meets the key afterwards, or the sweep, takes the other
 * two steps for a process that died. Each can be taken twice.
 */
export async function createRun(deps: StoreDeps, command: Create): Promise<CreateResult> {
  checkBeginning(command);
  const reserved = await reserve(deps, command);
  switch (reserved[0]) {
    case 'full':
    case 'key-conflict':
      return { ok: false, refused: reserved[0] };
    case 'repeated':
      return { ok: true, runId: reserved[1], repeated: true };
    case 'pending':
      await finishCreating(deps, reserved[1], reserved[2]);
      return { ok: true, runId: reserved[1], repeated: true };
    case 'new':
      await openReserved(deps, command);
      return { ok: true, runId: command.runId, repeated: false };
    case 'again':
      return { ok: true, runId: command.runId, repeated: !(await openReserved(deps, command)) };
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

async function reserve({ link, keys }: StoreDeps, command: Create): Promise<Reserved> {
  const { runId, at, maxOpenRuns, idempotency } = command;
  const key = idempotency === undefined ? [''] : [JSON.stringify(command), idempotency.key, idempotency.digest, idempotency.keepUntil];
  return (await link.run(RESERVE_RUN, [keys.base], [link.now, runId, at, maxOpenRuns, ...key])) as Reserved;
}

/** Answers whether it was opened now. */
async function openReserved(deps: StoreDeps, command: Create): Promise<boolean> {
  try {
    return await openRun(deps, command);
  } catch (thrown) {
    if (thrown instanceof AppError && isRefusal(thrown)) await takeBack(deps, command);
    throw thrown;
  }
}

async function openRun({ link, keys, outbox }: StoreDeps, command: Create): Promise<boolean> {
  const { runId, events, enqueue } = command;
  const { run, events: list, tickets, outbox: waiting } = keys.of(runId);
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
  const send = async (): Promise<[number, string[]]> => (await link.run(OPEN_RUN, [run, list, tickets, waiting], args)) as [number, string[]];
  const [opened] = await outbox.write(runId, send, ([, entries]) => entries);
  return opened === 1;
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
