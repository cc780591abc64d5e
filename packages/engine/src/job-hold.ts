import type { Lease } from '@kb-labs/ports';

/** Why a running step is stopped. */
export type StopReason = 'cancelled' | 'lease-lost' | 'job-timeout' | 'step-timeout';

/** What a worker holds while it runs a job: the lease, and the ways the work can be stopped from outside. */
export class JobHold {
  readonly lease: Lease;
  /** Set once the lease is not ours any more: nothing may be recorded. */
  lost = false;
  /** Set when the run was cancelled: remaining steps are decided by their conditions. */
  cancelled = false;
  /** Set when the worker wants to hand the job back at the next step. */
  handBack = false;
  #stop: ((reason: StopReason) => void) | undefined;

  constructor(lease: Lease) {
    this.lease = lease;
  }

  /** The step that runs now can be stopped by `stop` until the returned function is called. */
  onStop(stop: (reason: StopReason) => void): () => void {
    this.#stop = stop;
    if (this.lost) stop('lease-lost');
    return () => {
      this.#stop = undefined;
    };
  }

  cancel(): void {
    this.cancelled = true;
    this.#stop?.('cancelled');
  }

  lose(): void {
    this.lost = true;
    this.#stop?.('lease-lost');
  }

  timeOut(): void {
    this.#stop?.('job-timeout');
  }
}
