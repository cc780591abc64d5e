import type { ArtifactHandle, ArtifactType } from './artifact.js';
import type { JsonValue } from './json.js';
import type { RunId } from './ids.js';
import type { LlmAnswer, LlmEmbeddings, LlmRequest } from './llm.js';

/** What a handler is given beside its input: everything it may touch, each part behind the permission named there. */
export interface PluginContext {
  /** Fires when the run is cancelled or the step's time is up. What `exec` started ends with it. */
  readonly signal: AbortSignal;
  readonly log: PluginLog;
  /** How far the work is, from 0 to 1. */
  readonly progress: (fraction: number, note?: string) => void;
  /** The same for every try of this step of this run: hand it to services that can tell a repeated request. */
  readonly idempotencyKey: string;
  /** Absolute path of the folder the step works in. */
  readonly workspace: string;
  readonly artifacts: PluginArtifacts;
  readonly fs: PluginFiles;
  /**
   * As the global `fetch`, for the hosts named by the permission `network`. Only `http` and `https`, no credentials in
   * the address; each redirect is checked like a first request.
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  readonly connect: PluginConnect;
  readonly exec: PluginExec;
  /** A language model, by `services: [llm]`. */
  readonly llm: PluginLlm;
  /** What the plugin keeps from one step to another, by `services: [storage]`. */
  readonly storage: PluginStorage;
  /** The step's `env:` and the engine's variables named by the permission `env`. Nothing else of the host. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secrets: PluginSecrets;
  readonly run: PluginRun;
}

/**
 * Secrets by name, for names of the permission `secrets` that the document lists for the step as well; any other fails with
 * `PERMISSION_DENIED`. Values are taken out of logs, outputs, errors and artifacts, but not out of what goes elsewhere.
 */
export interface PluginSecrets {
  readonly get: (name: string) => Promise<string>;
}

/**
 * A TCP connection to a host of the permission `network`, for protocols other than HTTP; TLS on top of it is `tls.connect({ socket })`.
 * Addresses are judged as for `fetch`. Fails with the system's own error when nobody answers, and is closed with the step.
 */
export type PluginConnect = (host: string, port: number) => Promise<PluginConnection>;

/** `Duplex.fromWeb` of `node:stream` makes of it what Node's own libraries take for a socket. */
export interface PluginConnection {
  readonly readable: ReadableStream<Uint8Array>;
  /** Closing it ends this side; aborting it ends the connection. */
  readonly writable: WritableStream<Uint8Array>;
}

/**
 * The language model of the installation's configuration. Any call fails with `LLM_NOT_CONFIGURED` where there is none, and with
 * `LLM_FAILED`, which says whether another try can help, when the service refuses or cannot be reached.
 */
export interface PluginLlm {
  /** Whether there is one, and the document lets the step use it. Costs nothing and needs no network. */
  readonly configured: () => Promise<{ readonly chat: boolean; readonly embeddings: boolean }>;
  readonly complete: (request: LlmRequest) => Promise<LlmAnswer>;
  /** One vector of equal length for each text. At most `LIMITS.llmTexts` texts. */
  readonly embed: (texts: readonly string[]) => Promise<LlmEmbeddings>;
}

/**
 * JSON values by key, durable, for all steps of one plugin and tenant. A key has 1 to 256 characters. Fails with `STORAGE_FULL` when the
 * plugin keeps too many or too large values, and with `STORAGE_NOT_AVAILABLE` where nothing is kept.
 */
export interface PluginStorage {
  readonly get: (key: string) => Promise<JsonValue | undefined>;
  readonly set: (key: string, value: JsonValue) => Promise<void>;
  /** What is not there is fine. */
  readonly remove: (key: string) => Promise<void>;
  /** Keys that begin with the prefix, in the order of their bytes. */
  readonly keys: (prefix?: string) => Promise<readonly string[]>;
}

/** Lines of the step's log. A text of several lines becomes several lines. */
export interface PluginLog {
  readonly debug: (text: string) => void;
  readonly info: (text: string) => void;
  readonly warn: (text: string) => void;
  readonly error: (text: string) => void;
}

export interface PluginArtifacts {
  /** Stores the bytes durably. The name is of `A-Z a-z 0-9 . _ - /`; the same name again replaces. */
  readonly save: (artifact: PluginArtifact) => Promise<ArtifactHandle>;
  /** What the job consumes of the jobs it needs. */
  readonly consumed: readonly ArtifactHandle[];
  /** The bytes of one of them. Fails with `ARTIFACT_MISSING` for any other name. */
  readonly read: (name: string) => Promise<Uint8Array>;
}

export interface PluginArtifact {
  readonly name: string;
  /** How it is shown. Taken from the name's extension when left out. */
  readonly type?: ArtifactType;
  readonly label?: string;
  readonly content: string | Uint8Array | AsyncIterable<Uint8Array>;
}

/**
 * Files of the workspace, by the permissions `fs.read` and `fs.write`. Paths are relative to the workspace or absolute
 * inside it; links that lead out of it are refused.
 */
export interface PluginFiles {
  readonly readText: (path: string) => Promise<string>;
  readonly readBytes: (path: string) => Promise<Uint8Array>;
  /** Makes the missing parent folders too. */
  readonly write: (path: string, content: string | Uint8Array) => Promise<void>;
  /** Paths of the files that fit the glob (`*`, `**`, `?`, `[]`), relative with `/`, sorted. Links are not followed. */
  readonly list: (glob: string) => Promise<readonly string[]>;
  readonly exists: (path: string) => Promise<boolean>;
  readonly stat: (path: string) => Promise<FileStat>;
  /** Removes a file, or a folder with all it holds. What is not there is fine. */
  readonly remove: (path: string) => Promise<void>;
}

/** `modifiedAt` is milliseconds since the epoch. */
export interface FileStat {
  readonly kind: 'file' | 'folder' | 'other';
  readonly bytes: number;
  readonly modifiedAt: number;
}

/**
 * Starts a program by the permission `shell`, without a shell in between. A non-zero exit code is an answer, not an
 * error. It throws when the program is not there (`PROGRAM_NOT_FOUND`) or cannot be started (`PROGRAM_NOT_STARTED`), its
 * time is up (`EXEC_TIMEOUT`), its output is too large (`EXEC_OUTPUT_TOO_LARGE`), or the step is aborted. When it
 * settles, the program and everything it started have ended.
 */
export type PluginExec = (program: string, args?: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

export interface ExecOptions {
  /** Inside the workspace. The workspace itself when left out. */
  readonly cwd?: string;
  /** Added to PATH, HOME, LANG, TZ, TMPDIR and what `ctx.env` holds. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
  /** Of stdout and stderr together; 16 MiB when left out. With `onLine` it does not apply: nothing is kept. */
  readonly maxOutputBytes?: number;
  /** Takes each line as it comes, cut after 1 MiB, in place of the returned `stdout` and `stderr`. A promise holds the program back. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void | Promise<void>;
}

/** `exitCode` is 128 and the signal's number for a program that a signal ended. */
export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where in which run the handler is. `attempt` counts from 1 and grows with each try of the step and of its job. */
export interface PluginRun {
  readonly id: RunId;
  readonly workflowId: string;
  readonly job: string;
  readonly step: string;
  readonly attempt: number;
}

/**
 * What a handler can put on an error it throws. `kbRetry`: `never`, or the milliseconds to wait before the next try.
 * It is read by its name, not by a class, for a plugin may carry its own copy of the kit.
 */
export interface PluginFailure {
  readonly code?: string;
  readonly hint?: string;
  readonly details?: JsonValue;
  readonly kbRetry?: 'never' | number;
}
