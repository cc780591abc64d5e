import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  type ArtifactHandle,
  type ArtifactType,
  artifactTypeOf,
  type JsonValue,
  type LogLevel,
  type PluginArtifact,
  type PluginContext,
  type PluginLlm,
  type PluginRun,
  toRunId,
} from '@kb-labs/contracts';

import { testConnect } from './test-connect.js';
import { digestOf, testConsumed } from './test-consumed.js';
import { testExec } from './test-exec.js';
import { testFiles } from './test-files.js';
import { testLlm, testStorage } from './test-services.js';

export interface TestContextOptions {
  /** A folder to work in. A new one in the system's temporary folder when left out, removed by `dispose`. */
  readonly workspace?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly fetch?: PluginContext['fetch'];
  readonly connect?: PluginContext['connect'];
  /** What the language model does. There is none for what is left out. */
  readonly llm?: Partial<PluginLlm>;
  /** What earlier steps have kept. */
  readonly stored?: Readonly<Record<string, JsonValue>>;
  readonly idempotencyKey?: string;
  readonly run?: Partial<PluginRun>;
  /** What the job consumes, by name. */
  readonly consumed?: Readonly<Record<string, string | Uint8Array>>;
}

/** The context, and what the handler did with it. */
export interface TestContext extends PluginContext {
  readonly lines: readonly { readonly level: LogLevel; readonly text: string }[];
  readonly reported: readonly { readonly fraction: number; readonly note?: string }[];
  /** By name. */
  readonly saved: ReadonlyMap<string, SavedArtifact>;
  /** What `storage` holds, by key. */
  readonly stored: ReadonlyMap<string, JsonValue>;
  /** Removes the workspace if it was made here. `using ctx = testContext()` does it by itself. */
  readonly dispose: () => void;
  readonly [Symbol.dispose]: () => void;
}

export interface SavedArtifact {
  readonly type: ArtifactType;
  readonly label?: string;
  readonly text: string;
  readonly bytes: Uint8Array;
}

/**
 * A context that really works: files, programs, requests and connections are real, confined to nothing; what is stored lasts as
 * long as the context. Permissions and quotas are the engine's to check; this one grants all.
 */
export function testContext(options: TestContextOptions = {}): TestContext {
  const workspace = options.workspace ?? realpathSync(mkdtempSync(join(tmpdir(), 'kb-plugin-')));
  const env = { ...options.env };
  const signal = options.signal ?? new AbortController().signal;
  const lines: { level: LogLevel; text: string }[] = [];
  const reported: { fraction: number; note?: string }[] = [];
  const saved = new Map<string, SavedArtifact>();
  const stored = new Map(Object.entries(options.stored ?? {}));
  const log = (level: LogLevel) => (text: string) => {
    for (const line of text.split('\n')) lines.push({ level, text: line });
  };
  const dispose = (): void => {
    if (options.workspace === undefined) rmSync(workspace, { recursive: true, force: true });
  };
  return {
    signal,
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    progress: (fraction, note) => reported.push({ fraction, ...(note === undefined ? {} : { note }) }),
    idempotencyKey: options.idempotencyKey ?? 'test-idempotency-key',
    workspace,
    artifacts: { save: (artifact) => saveInto(saved, artifact), ...testConsumed(options.consumed ?? {}) },
    fs: testFiles(workspace),
    fetch: options.fetch ?? ((input, init) => fetch(input, { signal, ...init })),
    connect: options.connect ?? testConnect(signal),
    exec: testExec(workspace, env, signal),
    llm: testLlm(options.llm ?? {}),
    storage: testStorage(stored),
    env,
    secrets: { get: (name) => secretOf(options.secrets ?? {}, name) },
    run: { id: toRunId('00000000000000000000000000'), workflowId: 'test', job: 'test', step: 'test', attempt: 1, ...options.run },
    lines,
    reported,
    saved,
    stored,
    dispose,
    [Symbol.dispose]: dispose,
  };
}

async function secretOf(secrets: Readonly<Record<string, string>>, name: string): Promise<string> {
  const value = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  if (value === undefined) throw Object.assign(new Error(`the test gives no secret ${name}`), { code: 'SECRET_MISSING' });
  return value;
}

async function saveInto(saved: Map<string, SavedArtifact>, artifact: PluginArtifact): Promise<ArtifactHandle> {
  const { name, label, content } = artifact;
  const type = artifact.type ?? artifactTypeOf(name);
  const bytes = await collect(content);
  const shown = { type, ...(label === undefined ? {} : { label }) };
  saved.set(name, { ...shown, bytes, text: Buffer.from(bytes).toString('utf8') });
  return { name, ...shown, digest: digestOf(bytes), bytes: bytes.length };
}

async function collect(content: PluginArtifact['content']): Promise<Uint8Array> {
  if (typeof content === 'string') return Buffer.from(content, 'utf8');
  if (content instanceof Uint8Array) return content;
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}
