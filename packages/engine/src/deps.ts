import type { JsonObject } from '@kb-labs/contracts';
import type { Blobs, Callbacks, Catalog, Claims, CheckedDocuments, Clock, EventLog, Ids, JobQueue, Logger, PluginHost, RateLimits, Records, Retention, Secrets, StepLogs, WorkflowSources, WorkspaceFiles } from '@kb-labs/ports';
import type { SchemaCheck } from '@kb-labs/resolver';

import type { Beginners } from './beginners.js';

/** Everything the engine's verbs work with. A verb takes the part it needs. */
export interface EngineDeps {
  readonly log: EventLog;
  readonly catalog: Catalog;
  readonly queue: JobQueue;
  readonly claims: Claims;
  readonly callbacks: Callbacks;
  readonly logs: StepLogs;
  readonly blobs: Blobs;
  readonly records: Records;
  readonly rateLimits: RateLimits;
  readonly retention: Retention;
  /** Left out: no secret is there. */
  readonly secrets?: Secrets;
  readonly plugins: PluginHost;
  /** What commands are offered here beside files, programs and requests: `llm`, `storage`. Left out: nothing. */
  readonly services?: readonly string[];
  readonly workflows: WorkflowSources;
  /** Left out: every document is checked every time. */
  readonly checked?: CheckedDocuments;
  readonly files: WorkspaceFiles;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  /** Absolute path of the project: the folder steps work in. */
  readonly workspace: string;
  /** What expressions read as `vars`. */
  readonly vars: JsonObject;
  readonly checkSchema: SchemaCheck;
  /** Left out: no run is begun in the write that creates it. */
  readonly beginners?: Beginners;
  readonly limits: EngineLimits;
  /** Left out: what starts by itself belongs to the tenant `default`, and no delivery speaks for the repository. */
  readonly triggers?: TriggerSettings;
}

/** About what starts by itself: schedules, pushes, webhooks. */
export interface TriggerSettings {
  /** Whose the runs, schedules and deliveries are. */
  readonly tenant: string;
  /** Who hosts the repository of the project. A delivery signed with one of these secrets can be a push for `on.push`. */
  readonly repository?: { readonly source: 'github' | 'gitlab'; readonly secrets: readonly string[] };
}

/** Bounds that the configuration sets. */
export interface EngineLimits {
  /** Combinations of one matrix. */
  readonly matrixCombinations: number;
  /** Jobs that run at once, of all runs and of one tenant's. Absent: as many as the workers take. */
  readonly runningJobs?: number;
  readonly runningJobsPerTenant?: number;
  /** Of the tenants that are named, in place of `runningJobsPerTenant`. */
  readonly runningJobsOfTenant?: Readonly<Record<string, number>>;
}
