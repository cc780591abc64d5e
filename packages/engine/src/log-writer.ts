import { LIMITS, type LogLevel, type LogLine, type LogStream, type RunId } from '@kb-labs/contracts';
import type { Clock, Fence, Logger, StepLogs } from '@kb-labs/ports';

import { patiently } from './passing.js';

/** While lines keep coming they are stored this often: what a crash can lose, and what a follower waits for. */
const FLUSH_MS = 20;
/** One that comes after a silence waits only for those that come with it. */
const FIRST_FLUSH_MS = 5;
/** A batch is stored at once when it holds this much. */
const BATCH_BYTES = 256 * 1024;
/** Writers wait while this much is not stored yet. */
const HIGH_WATER_BYTES = 1024 * 1024;

export interface LogWriterDeps {
  readonly logs: StepLogs;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface LogPlace {
  readonly runId: RunId;
  readonly job: string;
  readonly attempt: number;
  readonly step: string;
  readonly fence: Fence;
  /** Number of the last line the step has already. */
  readonly lastLine: number;
}

/** One line, before it has a number and a place. */
export interface LogEntry {
  readonly stream: LogStream;
  readonly level: LogLevel;
  readonly text: string;
}

type Entry = Omit<LogLine, 'n'>;

/** Most steps say nothing. */
const NOTHING = Promise.resolve();

/**
 * Numbers and stores the lines of one step, in batches. Past the limit per step the rest is dropped, and one line says so.
 * While the state does not take a batch, what comes after it is dropped as well, and a line behind it says how much that was.
 * Once the lease is lost nothing is stored any more.
 */
export class LogWriter {
  readonly #deps: LogWriterDeps;
  readonly #place: LogPlace;
  #next: number;
  #bytes = 0;
  #truncated = false;
  #lost = false;
  #batch: Entry[] = [];
  #batchBytes = 0;
  #flushedAt = -Infinity;
  /** What the state has not taken. It may have been stored all the same, so it is kept as it is and goes before everything else. */
  #refused: readonly LogLine[] | undefined;
  /** Lines dropped since then. */
  #missing = 0;
  #storing = NOTHING;
  #pendingBytes = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(deps: LogWriterDeps, place: LogPlace) {
    this.#deps = deps;
    this.#place = place;
    this.#next = place.lastLine + 1;
  }

  /** Takes one line. A promise means: wait before sending more. */
  write(entry: LogEntry): void | Promise<void> {
    if (this.#truncated || this.#lost) return;
    const bytes = Buffer.byteLength(entry.text);
    if (this.#bytes + bytes > LIMITS.logBytesPerStep) {
      this.#truncated = true;
      this.#add({ stream: 'engine', level: 'warn', text: `the log of this step is full (${LIMITS.logBytesPerStep} bytes): the rest is left out` }, 0);
      return;
    }
    this.#bytes += bytes;
    this.#add(entry, bytes);
    if (this.#batchBytes >= BATCH_BYTES) void this.#flush();
    if (this.#pendingBytes > HIGH_WATER_BYTES) return this.#storing;
  }

  /** Resolves when every line taken is durable or told to be missing, the lease is lost, or the state does not take even that. No promise: no line was taken. */
  end(): void | Promise<void> {
    if (this.#batch.length > 0 || this.#storing !== NOTHING) return this.#end();
  }

  async #end(): Promise<void> {
    await this.#flush();
    if (this.#refused !== undefined) await this.#store([], patiently);
  }

  #flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#batch.length > 0) {
      const lines = this.#batch;
      const bytes = this.#batchBytes;
      this.#batch = [];
      this.#batchBytes = 0;
      this.#flushedAt = this.#deps.clock.now();
      this.#storing = this.#storing.then(async () => {
        // The step is held up by an absent state once, not by every batch.
        await this.#store(lines, this.#refused === undefined ? patiently : once);
        this.#pendingBytes -= bytes;
      });
    }
    return this.#storing;
  }

  #add(entry: LogEntry, bytes: number): void {
    this.#batch.push(this.#entry(entry));
    this.#batchBytes += bytes + 64;
    this.#pendingBytes += bytes + 64;
    this.#cancelTimer ??= this.#deps.clock.after(this.#waitMs(), () => {
      this.#cancelTimer = undefined;
      void this.#flush();
    });
  }

  #waitMs(): number {
    return Math.min(FLUSH_MS, Math.max(FIRST_FLUSH_MS, this.#flushedAt + FLUSH_MS - this.#deps.clock.now()));
  }

  #entry(entry: LogEntry): Entry {
    const { job, attempt, step } = this.#place;
    return { job, step, attempt, at: this.#deps.clock.now(), ...entry };
  }

  async #store(entries: readonly Entry[], ask: typeof patiently): Promise<void> {
    if (this.#refused !== undefined && !(await this.#send(this.#refused, ask))) {
      this.#missing += entries.length;
      return;
    }
    const missing = this.#missing;
    this.#missing = 0;
    const note = { stream: 'engine', level: 'warn', text: `${missing} ${missing === 1 ? 'line is' : 'lines are'} missing here: the state was full or away` } as const;
    const all = missing === 0 ? entries : [this.#entry(note), ...entries];
    if (all.length === 0) return;
    await this.#send(all.map((entry, index) => ({ ...entry, n: this.#next + index })), ask);
    this.#next += all.length;
  }

  /** Whether these lines are done with: stored, or not to be stored any more. */
  async #send(lines: readonly LogLine[], ask: typeof patiently): Promise<boolean> {
    try {
      if (!this.#lost) this.#lost = !(await this.#append(lines, ask));
      this.#refused = undefined;
      return true;
    } catch (error) {
      // The step goes on without its log: failing it for that would lose work that may have had effects.
      if (this.#refused === undefined) this.#deps.logger.error('the log of a step cannot be stored', { runId: this.#place.runId, step: this.#place.step, problem: String(error) });
      this.#refused = lines;
      return false;
    }
  }

  /** A batch whose answer did not come may be stored all the same: lines are stored once. */
  #append(lines: readonly LogLine[], ask: typeof patiently): Promise<boolean> {
    const { runId, job, step, fence } = this.#place;
    const last = lines.at(-1)?.n ?? 0;
    let asked = lines === this.#refused;
    return ask(this.#deps.clock, async () => {
      if (asked && (await this.#deps.logs.lastLine(runId, job, step)) >= last) return true;
      asked = true;
      return this.#deps.logs.append(runId, fence, lines);
    });
  }
}

const once: typeof patiently = (_clock, ask) => ask();
