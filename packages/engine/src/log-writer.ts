import { LIMITS, type LogLevel, type LogLine, type LogStream, type RunId } from '@kb-labs/contracts';
import type { Clock, Fence, Logger, StepLogs } from '@kb-labs/ports';

/** Lines are stored at least this often: what a crash can lose, and what a follower waits for. */
const FLUSH_MS = 20;
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

/**
 * Numbers and stores the lines of one step, in batches. Past the limit per step the rest is dropped, and one line says so.
 * Once the lease is lost nothing is stored any more.
 */
export class LogWriter {
  readonly #deps: LogWriterDeps;
  readonly #place: LogPlace;
  #next: number;
  #bytes = 0;
  #truncated = false;
  #lost = false;
  #batch: LogLine[] = [];
  #batchBytes = 0;
  #storing: Promise<void> = Promise.resolve();
  #pendingBytes = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(deps: LogWriterDeps, place: LogPlace) {
    this.#deps = deps;
    this.#place = place;
    this.#next = place.lastLine + 1;
  }

  /** Takes one line. A promise means: wait before sending more. */
  write(entry: { stream: LogStream; level: LogLevel; text: string }): void | Promise<void> {
    if (this.#truncated || this.#lost) return;
    const bytes = Buffer.byteLength(entry.text);
    if (this.#bytes + bytes > LIMITS.logBytesPerStep) {
      this.#truncated = true;
      this.#add({ stream: 'engine', level: 'warn', text: `the log of this step is full (${LIMITS.logBytesPerStep} bytes): the rest is left out` }, 0);
      return;
    }
    this.#bytes += bytes;
    this.#add(entry, bytes);
    if (this.#batchBytes >= BATCH_BYTES) void this.flush();
    if (this.#pendingBytes > HIGH_WATER_BYTES) return this.#storing;
  }

  /** Resolves when every line taken so far is durable, or the lease is lost. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#batch.length > 0) {
      const lines = this.#batch;
      const bytes = this.#batchBytes;
      this.#batch = [];
      this.#batchBytes = 0;
      this.#storing = this.#storing.then(() => this.#store(lines, bytes));
    }
    return this.#storing;
  }

  #add(entry: { stream: LogStream; level: LogLevel; text: string }, bytes: number): void {
    const { job, attempt, step } = this.#place;
    this.#batch.push({ job, step, attempt, n: this.#next, at: this.#deps.clock.now(), ...entry });
    this.#next += 1;
    this.#batchBytes += bytes + 64;
    this.#pendingBytes += bytes + 64;
    this.#cancelTimer ??= this.#deps.clock.after(FLUSH_MS, () => {
      this.#cancelTimer = undefined;
      void this.flush();
    });
  }

  async #store(lines: readonly LogLine[], bytes: number): Promise<void> {
    try {
      if (!this.#lost) this.#lost = !(await this.#deps.logs.append(this.#place.runId, this.#place.fence, lines));
    } catch (error) {
      // The step goes on without its log: failing it for that would lose work that may have had effects.
      this.#lost = true;
      this.#deps.logger.error('the log of a step cannot be stored', { runId: this.#place.runId, step: this.#place.step, problem: String(error) });
    } finally {
      this.#pendingBytes -= bytes;
    }
  }
}
