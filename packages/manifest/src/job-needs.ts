import type { JobOutline } from './outline.js';

/** Which jobs end before which: what each needs, directly or through others. Circles do no harm here. */
export class JobNeeds {
  readonly #jobs: readonly JobOutline[];
  readonly #index: ReadonlyMap<string, number>;
  /** Indexes of what each job names under `needs`. */
  readonly #direct: readonly (readonly number[])[];
  readonly #reached = new Map<number, Uint8Array>();

  constructor(jobs: readonly JobOutline[]) {
    this.#jobs = jobs;
    this.#index = new Map(jobs.map((job, index) => [job.key, index]));
    this.#direct = jobs.map((job) => [...job.needs.keys()].flatMap((need) => this.#index.get(need) ?? []));
  }

  reaches(job: string, other: string): boolean {
    const to = this.#index.get(other);
    return to !== undefined && to !== this.#index.get(job) && this.#from(job)[to] === 1;
  }

  /** The keys of all that a job needs. */
  of(job: string): string[] {
    return this.#jobs.map(({ key }) => key).filter((key) => this.reaches(job, key));
  }

  #from(job: string): Uint8Array {
    const start = this.#index.get(job);
    const known = start === undefined ? undefined : this.#reached.get(start);
    if (known !== undefined) return known;
    const reached = new Uint8Array(this.#jobs.length);
    const open = start === undefined ? [] : [start];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const need of this.#direct[next] ?? []) {
        if (reached[need] === 1) continue;
        reached[need] = 1;
        open.push(need);
      }
    }
    if (start !== undefined) this.#reached.set(start, reached);
    return reached;
  }
}
