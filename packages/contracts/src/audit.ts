import type { JsonObject } from './json.js';

/**
 * `asked`: written before a change is made, so that none is made without a trace. `done`: made. `refused`: it was not allowed, or could
 * not be done.
 */
export type AuditOutcome = 'asked' | 'done' | 'refused';

/** What is to be kept of an act. */
export interface NewAuditEntry {
  /** Who. */
  readonly actor: string;
  readonly tenant: string;
  /** What, as `noun.verb`: `key.create`, `run.cancel`. */
  readonly action: string;
  /** On what: an id or a name; empty when there is nothing to name. */
  readonly target: string;
  readonly outcome: AuditOutcome;
  readonly details?: JsonObject;
}

/**
 * A row of the audit log. `hash` is the digest of everything else in it (RFC 8785), `previous` the hash of the row before:
 * a row that is changed, removed, moved or put in between breaks the chain.
 */
export interface AuditEntry extends Required<NewAuditEntry> {
  /** From 1, without gaps, over all tenants. */
  readonly seq: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly previous: string;
  readonly hash: string;
}

/** The last row. Written down elsewhere, it is what a rewritten log cannot agree with. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

export interface AuditCheck {
  readonly intact: boolean;
  /** Rows that were checked. */
  readonly rows: number;
  /** `null`: the log is empty. */
  readonly head: AuditHead | null;
  /** The first place where it does not hold. Nothing behind it can be relied on. */
  readonly problem?: { readonly seq: number; readonly message: string };
}

/** `previous` of the first row. */
export const AUDIT_START = `sha256:${'0'.repeat(64)}`;
