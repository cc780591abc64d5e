import { temporaryParent } from '../script/temporary-parent.js';
import { baseEnv, type HostEnv } from './base-env.js';
import { SpawnerProcess } from './spawner-process.js';

/** What it takes to start the process that starts others, in what one start by it saves. */
const PAYS_AFTER = 20;

/**
 * Who starts programs. A system copies the memory map of whoever starts one, and Node stands still meanwhile: milliseconds, and
 * the more the larger it is. Who starts many lets a small process do it, from when that has paid until there is nothing to start any more.
 */
export class Spawner {
  readonly #hostEnv: HostEnv;
  #process: SpawnerProcess | undefined;
  #starts = 0;
  #isFutile = false;

  constructor(hostEnv: HostEnv) {
    this.#hostEnv = hostEnv;
  }

  /** Asked once for each start; `undefined` for whom this process starts itself. */
  take(): SpawnerProcess | undefined {
    if (this.#process?.isReady === true) return this.#process;
    this.#starts += 1;
    if (this.#process === undefined && this.#starts >= PAYS_AFTER && !this.#isFutile) this.#open();
    return undefined;
  }

  /** What it has started is ended by whoever had it started. */
  close(): void {
    this.#process?.close();
  }

  #open(): void {
    this.#starts = 0;
    try {
      this.#process = this.#startProcess();
    } catch {
      // The machine is short of something. It goes on as it did.
    }
  }

  #startProcess(): SpawnerProcess {
    return new SpawnerProcess({
      env: baseEnv(this.#hostEnv),
      temporaryParent: temporaryParent(this.#hostEnv),
      onGone: (wasReady) => {
        this.#process = undefined;
        // Without mkfifo, say: it would be so the next time.
        this.#isFutile = !wasReady;
      },
    });
  }
}
