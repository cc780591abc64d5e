import type { Room } from './room.js';
import type { TicketRow } from './tickets.js';

/** Due tickets of one tenant, each list in their order. Lists are read no further than is needed. */
export interface TenantQueue {
  /** Held by nobody. */
  readonly free: readonly Iterable<TicketRow, undefined>[];
  /** Held by a worker that is gone or has let its lease run out. */
  readonly abandoned: readonly TicketRow[];
}

/**
 * Picks due tickets by priority; among those of one priority the next is that of the tenant that holds the fewest, and
 * among tenants that hold as many the one that comes first by `compareDue`. A ticket for which there is no room stands
 * before none.
 */
export function pickByShares(queues: readonly TenantQueue[], { limit, room }: { limit: number; room: Room }): TicketRow[] {
  const picked: TicketRow[] = [];
  const lines = queues.map((queue) => new Line(queue));
  while (picked.length < limit) {
    let next: { line: Line; row: TicketRow } | undefined;
    for (const line of lines) {
      const row = line.first(room);
      if (row !== undefined && (next === undefined || goesBefore(row, next.row, room))) next = { line, row };
    }
    if (next === undefined) break;
    next.line.dropFirst();
    room.takeUp(next.row);
    picked.push(next.row);
  }
  return picked;
}

/** The order of the tickets of one tenant: by priority, then as they fell due, then as they were queued. */
function compareDue(a: TicketRow, b: TicketRow): number {
  return a.rank - b.rank || a.not_before - b.not_before || a.n - b.n;
}

function goesBefore(a: TicketRow, b: TicketRow, room: Room): boolean {
  return (a.rank - b.rank || room.besides(a) - room.besides(b) || compareDue(a, b)) < 0;
}

interface Source {
  readonly isFree: boolean;
  readonly rows: Iterator<TicketRow, undefined>;
  /** `null` until it is read. */
  row: TicketRow | undefined | null;
}

/** The tickets of a tenant in one order. */
class Line {
  #sources: readonly Source[];
  #first: Source | undefined;

  constructor({ free, abandoned }: TenantQueue) {
    this.#sources = [...free.map((rows) => sourceOf(rows, true)), sourceOf(abandoned.toSorted(compareDue), false)];
  }

  /** The first that there is room for. Room only gets less: what is passed over is so for good. */
  first(room: Room): TicketRow | undefined {
    for (;;) {
      const row = this.#front();
      if (row === undefined || room.admits(row)) return row;
      this.dropFirst();
      // Nor is there room for any other of the tenant that nobody holds.
      this.#sources = this.#sources.filter((source) => !source.isFree);
    }
  }

  dropFirst(): void {
    if (this.#first !== undefined) this.#first.row = null;
    this.#first = undefined;
  }

  #front(): TicketRow | undefined {
    if (this.#first === undefined) {
      for (const source of this.#sources) {
        if (source.row === null) source.row = source.rows.next().value;
        if (source.row !== undefined && (!this.#first?.row || compareDue(source.row, this.#first.row) < 0)) this.#first = source;
      }
    }
    return this.#first?.row ?? undefined;
  }
}

function sourceOf(list: Iterable<TicketRow, undefined>, isFree: boolean): Source {
  return { isFree, rows: list[Symbol.iterator](), row: null };
}
