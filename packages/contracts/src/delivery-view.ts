import type { WebhookSource } from './trigger-schema.js';

/** A delivery of a webhook that was accepted, as lists show it. Times are ISO 8601 in UTC. */
export interface DeliveryView {
  readonly id: string;
  readonly source: WebhookSource;
  /** `pull_request.opened`; `null` when it does not say what happened. */
  readonly event: string | null;
  /** The sender's own id. */
  readonly delivery: string | null;
  readonly receivedAt: string;
  /** Of the body. */
  readonly digest: string;
  readonly bytes: number;
  /** Without those that prove something. */
  readonly headers: Readonly<Record<string, string>>;
  /** The delivery that this one repeats, on somebody's demand. */
  readonly replayOf: string | null;
  /** `starting`: not all of its runs are there yet; `ignored`: no workflow listens to it; `failed`: one could not be started. */
  readonly outcome: 'started' | 'starting' | 'ignored' | 'failed';
  readonly runs: readonly DeliveryRunView[];
  /** Workflows that listen to this sender, and were not started. */
  readonly ignored: readonly { readonly workflowId: string; readonly reason: string }[];
}

export interface DeliveryRunView {
  readonly workflowId: string;
  /** `null` when it could not be started. */
  readonly runId: string | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
}
