import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

import { monotonicMs } from './monotonic-ms.js';
import { environmentOf, HAS_PROCESS_LIST, type Look, lookSince, mayHaveStarted, type ProcessRow } from './process-list.js';
import type { ProcFiles } from './proc-files.js';

/** What ending a tree came to: how many processes had to be told, and the ids of those that are still there. */
export interface TreeEnd {
  readonly told: number;
  readonly left: readonly number[];
}

interface TreeOptions {
  /** In milliseconds; those of the machine since it was started when left out. */
  readonly now?: () => number;
  /** In place of the files of this system. */
  readonly proc?: ProcFiles;
}

/** How often it is looked whether a tree has ended. */
const LOOK_MS = 10;
/** How long what ignores even KILL, or starts ever more processes, is hunted. */
const HUNT_MS = 1_000;

/**
 * All that one started program has started in turn. On Linux these are the processes of its group or its session, those
 * whose environment holds the token (also after `setsid`, a double fork, `nohup`), and the children of all of these. One
 * that wipes its environment, leaves the session and loses its parent before anybody looks is not found. Elsewhere it is
 * the process group alone.
 */
export class ProcessTree {
  readonly #leader: number;
  readonly #token: string;
  readonly #now: () => number;
  readonly #proc: ProcFiles | undefined;
  /** Those seen so far by id, with their start: one whose parent has gone may not be recognised a second time. */
  readonly #seen: Map<number, string>;
  /** What had been started up to this id is none of the tree, unless it was seen. */
  #newest: number;
  /** When all processes were looked at; at first when there was nothing but the leader. */
  #wholeAtMs: number;
  #bare: ReadonlySet<string> = new Set();
  /** Nobody was left, of whom another one could come. */
  #isGone = false;
  #told = 0;

  /** `leader` has just been started, in a group and session of its own. */
  constructor(leader: number, token: string, { now = monotonicMs, proc }: TreeOptions = {}) {
    this.#leader = leader;
    this.#token = token;
    this.#now = now;
    this.#proc = proc;
    this.#seen = new Map([[leader, '']]);
    this.#newest = leader;
    this.#wholeAtMs = now();
  }

  /** Waits for the end of all of it, for as long as `mayWait` says. */
  async vanish(mayWait: () => boolean): Promise<void> {
    let pauseMs = 1;
    while (this.#isThere() && mayWait()) {
      await delay(pauseMs);
      pauseMs = Math.min(2 * pauseMs, LOOK_MS);
    }
  }

  /**
   * TERM for all of it, and KILL for what is still there after `graceMs`. Takes no longer than that and one second; with `terminate`, which
   * is asked first and saves it the TERM when it answers with true in that time, no longer than `graceMs` once more.
   */
  async end(graceMs: number, terminate?: () => Promise<boolean>): Promise<TreeEnd> {
    const isTold = terminate !== undefined && (await within(graceMs, terminate()));
    if (!HAS_PROCESS_LIST) return this.#endGroup(graceMs, isTold);
    let members = this.#members();
    if (!isTold) this.#tell(members, 'SIGTERM');
    const graceEnds = monotonicMs() + graceMs;
    if (members.length > 0) await this.vanish(() => monotonicMs() < graceEnds);
    members = members.length > 0 ? this.#members() : members;
    let known = 0;
    for (const until = monotonicMs() + HUNT_MS; members.length > 0 && monotonicMs() < until; members = this.#members()) {
      this.#tell(members, 'SIGKILL');
      // What multiplies is caught only by being faster.
      if (this.#seen.size > known) await nextTurn();
      else await delay(1);
      known = this.#seen.size;
    }
    return { told: this.#told, left: members.map(({ pid }) => pid) };
  }

  members(): readonly ProcessRow[] {
    return HAS_PROCESS_LIST ? this.#members() : [];
  }

  /** All but the leader. With nothing started since the last time, that costs one small read. */
  async endOthers(graceMs: number): Promise<number> {
    if (!HAS_PROCESS_LIST || this.#isAlone()) return 0;
    const others = (): ProcessRow[] => this.#members().filter(({ pid }) => pid !== this.#leader);
    const found = others();
    for (const { pid } of found) send(pid, 'SIGTERM');
    const graceEnds = monotonicMs() + graceMs;
    let left = found;
    for (; left.length > 0 && monotonicMs() < graceEnds + HUNT_MS; left = others()) {
      if (monotonicMs() >= graceEnds) for (const { pid } of left) send(pid, 'SIGKILL');
      await delay(1);
    }
    if (left.length === 0) for (const pid of this.#seen.keys()) if (pid !== this.#leader) this.#seen.delete(pid);
    return found.filter(({ isEnding }) => !isEnding).length;
  }

  /** Nothing but the leader was left, and nobody has started anything since. */
  #isAlone(): boolean {
    return this.#seen.size === 1 && !this.#mayHaveStarted();
  }

  #mayHaveStarted(): boolean {
    return mayHaveStarted({ newest: this.#newest, ageMs: this.#now() - this.#wholeAtMs }, this.#proc);
  }

  #isThere(): boolean {
    return HAS_PROCESS_LIST ? this.#members().length > 0 : send(-this.#leader, 0);
  }

  #members(): ProcessRow[] {
    if (this.#isGone && !this.#mayHaveStarted()) return [];
    const atMs = this.#now();
    const look = lookSince({ newest: this.#newest, ageMs: atMs - this.#wholeAtMs }, this.#seen, this.#proc);
    const members = new Map<number, ProcessRow>();
    const bare = new Set<string>();
    for (const row of look.rows) {
      const kin = row.pid === process.pid ? 'other' : this.#kinOf(row);
      if (kin === 'ours') members.set(row.pid, row);
      if (kin === 'bare') bare.add(`${String(row.pid)} ${row.startedAt}`);
    }
    const childrenOf = Map.groupBy(look.rows, (row) => row.parent);
    // A map hands out what is added while it is walked.
    for (const pid of members.keys()) {
      for (const child of childrenOf.get(pid) ?? []) members.set(child.pid, child);
    }
    for (const { pid, startedAt } of members.values()) this.#seen.set(pid, startedAt);
    this.#isGone = members.size === 0;
    this.#keep(look, bare, atMs);
    return [...members.values()];
  }

  /** Who has no environment may be about to become another program, and get it back: only who is found so twice is none of ours. */
  #keep({ newest, isWhole }: Look, bare: ReadonlySet<string>, atMs: number): void {
    const isClear = bare.isSubsetOf(this.#bare);
    this.#bare = isWhole ? bare : this.#bare.union(bare);
    if (!isClear || newest === undefined) return;
    this.#newest = newest;
    if (isWhole) this.#wholeAtMs = atMs;
  }

  #kinOf(row: ProcessRow): 'ours' | 'other' | 'bare' {
    if (row.session === this.#leader || row.group === this.#leader || this.#seen.get(row.pid) === row.startedAt) return 'ours';
    const environment = environmentOf(row.pid, this.#proc);
    if (environment === '') return 'bare';
    return environment?.includes(this.#token) === true ? 'ours' : 'other';
  }

  #tell(members: readonly ProcessRow[], signal: NodeJS.Signals): void {
    // Whoever ends by itself was not left running.
    if (signal === 'SIGTERM') this.#told = members.filter(({ isEnding }) => !isEnding).length;
    // The group in one go, so that none of it sees another one end first.
    const hasGroup = members.some(({ group }) => group === this.#leader);
    if (hasGroup) send(-this.#leader, signal);
    for (const { pid, group } of members) if (group !== this.#leader) send(pid, signal);
  }

  async #endGroup(graceMs: number, isTold: boolean): Promise<TreeEnd> {
    if (!send(-this.#leader, isTold ? 0 : 'SIGTERM')) return { told: 0, left: [] };
    const graceEnds = monotonicMs() + graceMs;
    await this.vanish(() => monotonicMs() < graceEnds);
    send(-this.#leader, 'SIGKILL');
    await this.vanish(() => monotonicMs() < graceEnds + HUNT_MS);
    return { told: 1, left: this.#isThere() ? [this.#leader] : [] };
  }
}

async function within(ms: number, answer: Promise<boolean>): Promise<boolean> {
  const ending = new AbortController();
  try {
    return await Promise.race([answer, delay(ms, false, { signal: ending.signal })]);
  } finally {
    ending.abort();
  }
}

/** Whether there was somebody to take the signal. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    // It has ended in between, or belongs to another user.
    return false;
  }
}
