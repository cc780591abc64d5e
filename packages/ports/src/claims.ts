import type { RunId } from '@kb-labs/contracts';

/**
 * A place in a concurrency group, asked for with an append. Owners stand in the order they asked. The tickets of an owner
 * that is not the first of its group are parked: kept, and not handed out. A claim ends when an append gives it up or its
 * run ends; the next in the group has its tickets handed out from then on, without anybody doing anything.
 */
export interface NewClaim {
  readonly group: string;
  /** `null`: the run as a whole. A job, or a run, has one claim at most: asked for again it keeps its place, in another group it goes to the end of that one. */
  readonly job: string | null;
}

export interface ClaimOwner {
  readonly runId: RunId;
  readonly job: string | null;
}

export interface OpenClaim extends NewClaim {
  readonly runId: RunId;
  /** Who stands before it, the holder first. Empty: it is the holder. At most a hundred, and how many in all. */
  readonly ahead: readonly ClaimOwner[];
  readonly aheadCount: number;
}

/** Concurrency groups, to be read. They change with appends alone. */
export interface Claims {
  /** The claims of a run and its jobs. */
  of(runId: RunId): Promise<OpenClaim[]>;
}
