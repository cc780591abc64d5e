import type { Reason } from '@kb-labs/contracts';
import type { Lease } from '@kb-labs/ports';

/** Why a running step is stopped. */
export type StopReason = 'cancelled' | 'lease-lost' | 'job-timeout' | 'step-timeout';

/** What a worker holds while it runs a job: the lease, and the ways the work can be stopped from outside. */
export class JobHold {
  /** Of a job that is prepared before it is handed out: without a token until then. */
  lease: Lease;
  /** Set once the lease is not ours any more: nothing may be recorded. */
  lost = false;
  /** Set when the run was cancelled: remaining steps are decided by their conditions. */
  cancelled = false;
  /** Why: the first reason there was. */
  cancelReason: Reason | undefined;
  /** Set when the worker wants to hand the job back at the next step. */
  handBack = false;
  /** Set once nothing is left but to record how the job ended: its place can be another's. */
  leaving = false;
  #stop: ((reason: StopReason) => void) | undefined;
  /** What came since the next step was decided, before it could be stopped. */
  #missed: StopReason | undefined;

  constructor(lease: Lease) {
    this.lease = lease;
  }

  /** The next step is about to be decided, with all that is known by now: what comes from here on stops it. */
  deciding(): void {
    this.#missed = undefined;
  }

  /** The step that runs now can be stopped by `stop` until the returned function is called. */
  onStop(stop: (reason: StopReason) => void): () => void {
    this.#stop = stop;
    const reason = this.lost ? 'lease-lost' : this.#missed;
    if (reason !== undefined) stop(reason);
    return () => {
      this.#stop = undefined;
    };
  }

  cancel(reason?: Reason): void {
    this.cancelled = true;
    this.cancelReason ??= reason;
    this.#tell('cancelled');
  }

  lose(): void {
    this.lost = true;
    this.#stop?.('lease-lost');
  }

  timeOut(): void {
    this.#tell('job-timeout');
  }

  #tell(reason: StopReason): void {
    if (this.#stop === undefined) this.#missed ??= reason;
    else this.#stop(reason);
  }
}
