import type {
  ArtifactHandle,
  ArtifactType,
  FlowPins,
  ImageUsed,
  Isolation,
  JsonObject,
  LlmChoice,
  LogLevel,
  LogStream,
  Permissions,
  PlannedTarget,
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
  /**
   * The command behind a `uses:`, or why it cannot be used. Reads manifests, runs no plugin code. With `sealed` every file of the plugin is
   * looked at, and its `integrity` is there.
   */
  resolve(uses: PluginUses, options?: { readonly sealed?: boolean }): Promise<CommandLookup>;
  /**
   * The plugins of the project and those that come with the engine. One that was added is checked byte by byte only when `verify` asks
   * for it; a list without it takes the manifests as they are. What cannot be used has a `problem`.
   */
  list(options?: { readonly verify?: boolean }): Promise<readonly InstalledPlugin[]>;
  /**
   * How a step will be isolated: decided before it starts, recorded with it, and kept to by `run`. Gets an image that is not here.
   * What is asked for and cannot be had here, or is weaker than the installation allows, is refused: nothing takes its place. So is a plugin
   * or an image that is not the pinned one, with `FLOW_PIN_CHANGED`. Answered at once where nobody has to be asked.
   */
  place(step: StepToPlace): Placement | Promise<Placement>;
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
  /** Ends what is kept warm. Steps that run are not waited for. */
  close(): Promise<void>;
}

/** `image` of the target is evaluated. */
export interface StepToPlace {
  readonly uses: Uses;
  readonly target?: PlannedTarget;
  /** Asked for by what takes its time. */
  readonly signal: () => AbortSignal;
  /** Absent: whatever plugin and image there is. */
  readonly pins?: Pick<FlowPins, 'plugins' | 'images'>;
}

export type Placement =
  | {
      readonly ok: true;
      readonly isolation: Isolation;
      readonly image?: ImageUsed;
      readonly target?: PlannedTarget;
      /** The plugin that was found to be the pinned one: `run` runs no other. */
      readonly pinned?: FlowPins['plugins'][string];
    }
  | { readonly ok: false; readonly error: RunError; /** Another try can help: a registry did not answer. */ readonly retryable: boolean };

export interface InstalledPlugin {
  readonly id: string;
  readonly version: string;
  /** `sha256-` and a digest in base64, of all its files. There when it was asked for; in a list, of one that was added, as it was then. */
  readonly integrity?: string;
  /** `first-party` ships with the engine; `project` is a folder named in the project's configuration; `added` is a package of `.kb/plugins.lock`. */
  readonly origin: 'first-party' | 'project' | 'added';
  /** Code that may run inside the engine's own process: any but one that was added without `--trust`. */
  readonly trusted: boolean;
  readonly describe?: string;
  /** Why none of its commands runs: it is not the one that was added, it is not installed. */
  readonly problem?: string;
  readonly commands: readonly PluginCommand[];
  /** Of one that was added, in a list: what was granted to each of its commands. What a command asks for beyond it has to be agreed to. */
  readonly granted?: Readonly<Record<string, Permissions>>;
}

export type CommandLookup =
  | { readonly ok: true; readonly plugin: InstalledPlugin; readonly command: PluginCommand }
  | {
      readonly ok: false;
      readonly code: 'UNKNOWN_PLUGIN' | 'UNKNOWN_COMMAND' | 'PLUGIN_VERSION' | 'PLUGIN_INVALID' | 'PLUGIN_NOT_TRUSTED' | 'PLUGIN_CHANGED' | 'PLUGINS_LOCK_INVALID';
      readonly message: string;
      readonly hint?: string;
    };

/** One try of one step, everything evaluated. */
export interface StepCall {
  readonly tenant: string;
  readonly runId: RunId;
  readonly workflowId: string;
  readonly job: string;
  readonly attempt: number;
  readonly step: string;
  readonly stepAttempt: number;
  readonly idempotencyKey: string;
  readonly uses: Uses;
  /** As `place` answered for this step. */
  readonly placement: Placement & { readonly ok: true };
  readonly input: JsonObject;
  /** The declared environment, evaluated. */
  readonly env: Readonly<Record<string, string>>;
  /** Absent: the document lists none for this step. A script has its secrets in `env`. */
  readonly secrets?: StepSecrets;
  /** The language model that it is to ask. Absent: that of the host. */
  readonly llm?: LlmChoice;
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
