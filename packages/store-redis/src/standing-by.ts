import type { WorkerId } from '@kb-labs/contracts';
import type { Lease, TakeOptions } from '@kb-labs/ports';

interface Standby {
  readonly worker: WorkerId;
  readonly places: () => TakeOptions | undefined;
  readonly onLeases: (leases: Lease[]) => void;
}

/** Places of a worker that a call to the server has been told of. */
export interface Promised {
  readonly worker: WorkerId;
  readonly options: TakeOptions;
  /** Whatever has become of them: the worker has those back that it was handed nothing for. */
  over(leases?: readonly Lease[]): void;
}

/** The workers of this process that stand by. While a call is on its way that some of their places were promised to, no other call is told of these. */
export class StandingBy {
  readonly #known = new Set<Standby>();
  readonly #promised = new Map<WorkerId, number>();

  add(standby: Standby): () => void {
    this.#known.add(standby);
    return () => void this.#known.delete(standby);
  }

  /** As many of somebody's places as there are tickets to hand out; those of `first` before those of others. */
  promise(tickets: number, first?: WorkerId): Promised | undefined {
    const known = [...this.#known].sort((a, b) => Number(b.worker === first) - Number(a.worker === first));
    for (const standby of known) {
      const options = standby.places();
      const limit = options === undefined ? 0 : Math.min(tickets, this.left(standby.worker, options.limit));
      if (options !== undefined && limit > 0) return this.#promise(standby, { ...options, limit });
    }
    return undefined;
  }

  /** How many of the places that a worker has are promised to nobody. */
  left(worker: WorkerId, places: number): number {
    return Math.max(0, places - (this.#promised.get(worker) ?? 0));
  }

  #promise({ worker, onLeases }: Standby, options: TakeOptions): Promised {
    this.#count(worker, options.limit);
    return {
      worker,
      options,
      over: (leases = []) => {
        this.#count(worker, -options.limit);
        if (leases.length > 0) onLeases([...leases]);
      },
    };
  }

  #count(worker: WorkerId, by: number): void {
    const count = (this.#promised.get(worker) ?? 0) + by;
    if (count > 0) this.#promised.set(worker, count);
    else this.#promised.delete(worker);
  }
}
