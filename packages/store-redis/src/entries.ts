import { isTerminalRun, type RunSummary, type TicketId, toTicketId } from '@kb-labs/contracts';
import type { Append, Create, NewClaim, NewTicket, NewWait, StoredBlob } from '@kb-labs/ports';

/**
 * What an outbox entry asks for under the tag of the installation. Written by TypeScript, read by the script that applies
 * entries. An empty job of a claim stands for the run as a whole. What is empty is left out.
 */
interface Entry {
  readonly at?: number;
  readonly create?: {
    readonly workflow: string;
    readonly status: string;
    readonly root: string;
    readonly tenant: string;
    readonly createdAt: number;
    readonly ended: boolean;
    readonly key?: readonly [key: string, digest: string, until: number];
  };
  readonly unclaim?: readonly string[];
  readonly claim?: readonly (readonly [group: string, job: string])[];
  readonly close?: readonly string[];
  readonly open?: readonly NewWait[];
  readonly blobs?: readonly (readonly [digest: string, bytes: number])[];
  readonly settle?: readonly string[];
  readonly status?: string;
  readonly ended?: boolean;
  /** Of an entry that ends the run, when. */
  readonly endedAt?: number;
  /** The same one, the bytes of journal and log: an append learns them when it is written. */
  readonly kept?: readonly [journal: number, log: number];
  readonly enqueue?: readonly (readonly [id: string, job: string, attempt: number, turn: number, rank: number, due: number])[];
}

/** The order of priorities: a position is a rank. */
export const RANKS = ['high', undefined, 'low'] as const;
export const AS_A_WHOLE = '';

/** The text is empty where there is nothing to ask for. */
export function entryOfAppend(command: Append): { text: string; hasEffects: boolean } {
  const { summary, unclaim = [], claim = [], waits, settle = [], enqueue = [], blobs = [] } = command;
  const ended = summary !== undefined && isTerminalRun(summary.status);
  const opened = waits?.open ?? [];
  const closed = (waits?.close ?? []).map((wait) => wait.job);
  const hasEffects = ended || [unclaim, claim, opened, closed, blobs, settle, enqueue].some((list) => list.length > 0);
  if (!hasEffects && summary === undefined) return { text: '', hasEffects };
  const text = write({
    at: command.at,
    unclaim,
    claim: claim.map(toClaim),
    close: closed,
    open: opened,
    blobs: blobs.map(toPair),
    settle,
    ...(summary === undefined ? {} : { status: summary.status }),
    ended,
    ...(ended ? { endedAt: summary.finishedAt ?? command.at } : {}),
    enqueue: enqueue.map(toRow),
  });
  return { text, hasEffects };
}

export function entryOfCreate({ at, summary, enqueue, claim, blobs = [], idempotency }: Create, journalBytes: number): string {
  const ended = isTerminalRun(summary.status);
  return write({
    create: { ...columnsOf(summary), ended, ...(idempotency === undefined ? {} : { key: [idempotency.key, idempotency.digest, idempotency.keepUntil] }) },
    claim: ended ? [] : (claim ?? []).map(toClaim),
    blobs: blobs.map(toPair),
    ...(ended ? { endedAt: summary.finishedAt ?? at, kept: [journalBytes, 0] } : {}),
    enqueue: enqueue.map(toRow),
  });
}

export function entryOfTickets(tickets: readonly NewTicket[]): string {
  return write({ enqueue: tickets.map(toRow) });
}

export function entryOfDiscard(ticket: string): string {
  return write({ settle: [ticket] });
}

export function toTicketIds(tickets: readonly NewTicket[]): TicketId[] {
  return tickets.map((ticket) => toTicketId(ticket));
}

function write(entry: Entry): string {
  const filled = Object.entries(entry).filter(([, value]) => !(Array.isArray(value) && value.length === 0));
  const text = JSON.stringify(Object.fromEntries(filled));
  return HALF_PAIR.test(text) ? JSON.stringify(entry, (_, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value)) : text;
}

/**
 * How JSON writes half of a surrogate pair, which a text from outside may hold and the parser of Redis refuses. A text with these very
 * characters is taken for it, to no effect.
 */
const HALF_PAIR = /\\ud[89a-f]/;

function columnsOf(summary: RunSummary): Omit<NonNullable<Entry['create']>, 'ended' | 'key'> {
  return { workflow: summary.workflowId, status: summary.status, root: summary.root, tenant: summary.tenant, createdAt: summary.createdAt };
}

function toPair({ digest, bytes }: StoredBlob): readonly [string, number] {
  return [digest, bytes];
}

function toClaim({ group, job }: NewClaim): readonly [string, string] {
  return [group, job ?? AS_A_WHOLE];
}

function toRow(ticket: NewTicket): NonNullable<Entry['enqueue']>[number] {
  return [toTicketId(ticket), ticket.job, ticket.attempt, ticket.turn, RANKS.indexOf(ticket.priority), ticket.notBefore];
}
