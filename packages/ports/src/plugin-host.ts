import type {
  ArtifactHandle,
  ArtifactType,
  Isolation,
  JsonObject,
  LogLevel,
  LogStream,
  Permissions,
  PluginCommand,
  PluginUses,
  RunError,
  RunId,
  Uses,
} from '@kb-labs/contracts';

import type { BlobContent } from './blobs.js';
import type { Redactor } from './secrets.js';

/** Finds what `uses:` names and runs it. */
export interface PluginHost {
  /** The command behind a `uses:`, or why it cannot be used. Reads manifests, runs no plugin code. */
  resolve(uses: PluginUses): Promise<CommandLookup>;
  /** Every command that can be resolved without naming a package: the first-party plugins and the project's own. */
  list(): Promise<readonly InstalledPlugin[]>;
  /** How a step will be isolated: decided before it starts, recorded with it. */
  isolationOf(uses: Uses): Isolation;
  /**
   * Whether a step could have changed files of the workspace: a script, and a command that declares `shell` or `fs.write`;
   * also a command that is not known here. What the engine itself does cannot. Of a call the answer is no as well: what the called
   * workflow does is not seen here, and whoever asks has to think of it. Reads manifests, runs no plugin code.
   */
  mayChangeFiles(uses: Uses): Promise<boolean>;
  /**
   * Runs one step to its outcome. Never throws for what the step does; an abort of `signal` ends it and everything it started.
   * Scripts and commands only: the engine's own steps and calls of workflows are the caller's, and asking for one throws.
   */
  run(call: StepCall): Promise<StepOutcome>;
  /**
   * Ends what an earlier try of a step has left running on this machine because its worker died, so that two tries never
   * run at once here. Answers how many processes were told to end.
   */
  endStray(idempotencyKey: string): Promise<number>;
}

export interface InstalledPlugin {
  readonly id: string;
  readonly version: string;
  /** `first-party` ships with the engine; `project` is a folder named in the project's configuration. */
  readonly origin: 'first-party' | 'project';
  readonly describe?: string;
  readonly commands: readonly PluginCommand[];
}

export type CommandLookup =
  | { readonly ok: true; readonly plugin: InstalledPlugin; readonly command: PluginCommand }
  | {
      readonly ok: false;
      readonly code: 'UNKNOWN_PLUGIN' | 'UNKNOWN_COMMAND' | 'PLUGIN_VERSION' | 'PLUGIN_INVALID' | 'PLUGIN_NOT_TRUSTED';
      readonly message: string;
      readonly hint?: string;
    };

/** One try of one step, everything evaluated. */
export interface StepCall {
  readonly runId: RunId;
  readonly workflowId: string;
  readonly job: string;
  readonly attempt: number;
  readonly step: string;
  readonly stepAttempt: number;
  readonly idempotencyKey: string;
  readonly uses: Uses;
  readonly input: JsonObject;
  /** The declared environment, evaluated. */
  readonly env: Readonly<Record<string, string>>;
  /** Absent: the document lists none for this step. A script has its secrets in `env`. */
  readonly secrets?: StepSecrets;
  /** Absent: there is nothing to take out. Else the host applies it before it cuts lines and texts; the engine does once more. */
  readonly redactor?: Redactor;
  /** Absolute path of the folder the step works in. */
  readonly workspace: string;
  /** What the document grants; a kind it does not name is not narrowed. */
  readonly permissions: Permissions;
  /** What the job consumes: scripts find it as files below `$KB_ARTIFACTS`, handlers through `ctx.artifacts`. */
  readonly consumed: readonly ConsumedArtifact[];
  readonly signal: AbortSignal;
  /** Takes one line. A promise means: wait before sending more. */
  log(entry: { stream: LogStream; level: LogLevel; text: string }): void | Promise<void>;
  progress(fraction: number, note?: string): void;
  saveArtifact(artifact: NewArtifact): Promise<ArtifactHandle>;
}

export interface StepSecrets {
  /** Names that the document lists for the step. */
  readonly listed: readonly string[];
  /** What a handler is given when it asks: of those listed, the ones that its command's permission `secrets` names. */
  readonly values: Readonly<Record<string, string>>;
}

export interface ConsumedArtifact {
  readonly handle: ArtifactHandle;
  /** Fails with `ARTIFACT_MISSING` when the bytes are gone. */
  open(): Promise<AsyncIterable<Uint8Array>>;
}

export interface NewArtifact {
  readonly name: string;
  readonly type: ArtifactType;
  readonly label?: string;
  readonly content: BlobContent;
}

/** `outputs` are at most `LIMITS.rawOutputBytes` of JSON, also of a step that failed. */
export type StepOutcome =
  | { readonly status: 'success'; readonly outputs: JsonObject }
  | {
      readonly status: 'failed';
      readonly error: RunError;
      readonly outputs: JsonObject;
      /** `false`: no retry, whatever the policy says. */
      readonly retryable: boolean;
      /** The handler's own word on when to try again, in milliseconds from now. */
      readonly retryAfterMs?: number;
    }
  /** The signal was aborted, and everything the step started has ended. */
  | { readonly status: 'aborted'; readonly outputs: JsonObject };
