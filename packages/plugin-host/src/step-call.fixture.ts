import { createHash } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type ArtifactHandle, artifactTypeOf, type JsonObject, type LogLevel, type LogStream, type Shell, toRunId } from '@kb-labs/contracts';
import type { ConsumedArtifact, Logger, NewArtifact, StepCall } from '@kb-labs/ports';

export const silentLogger: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

interface RecordedLine {
  readonly stream: LogStream;
  readonly level: LogLevel;
  readonly text: string;
}

/** A call, and what the step did through it. */
export interface RecordedCall {
  readonly call: StepCall;
  readonly lines: RecordedLine[];
  readonly artifacts: Map<string, { readonly type: string; readonly label?: string; readonly text: string }>;
  readonly progress: [number, string | undefined][];
}

export function recordCall(overrides: Partial<StepCall> & { readonly workspace: string }): RecordedCall {
  const lines: RecordedLine[] = [];
  const artifacts: RecordedCall['artifacts'] = new Map();
  const progress: RecordedCall['progress'] = [];
  const call: StepCall = {
    runId: toRunId('01K0000000000000000000000A'),
    workflowId: 'tests',
    job: 'job',
    attempt: 1,
    step: 'step',
    stepAttempt: 1,
    idempotencyKey: 'key-of-the-step',
    tenant: 'default',
    uses: { kind: 'builtin', name: 'run' },
    placement: { ok: true, isolation: overrides.uses?.kind === 'plugin' ? 'in-process' : 'subprocess' },
    input: {},
    env: {},
    permissions: {},
    consumed: [],
    signal: new AbortController().signal,
    log: (entry) => void lines.push(entry),
    progress: (fraction, note) => void progress.push([fraction, note]),
    saveArtifact: async (artifact) => {
      const bytes = await collect(artifact);
      artifacts.set(artifact.name, { type: artifact.type, ...(artifact.label === undefined ? {} : { label: artifact.label }), text: bytes.toString('utf8') });
      return { name: artifact.name, type: artifact.type, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes: bytes.length };
    },
    ...overrides,
  };
  return { call, lines, artifacts, progress };
}

/** An artifact that is there, in pieces of `pieceBytes`. */
export function consumedArtifact(name: string, content: string | Uint8Array, changes: Partial<ArtifactHandle> = {}, pieceBytes = 5): ConsumedArtifact {
  const bytes = Buffer.from(content);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return {
    handle: { name, type: artifactTypeOf(name), digest, bytes: bytes.length, ...changes },
    open: () => Promise.resolve(piecesOf(bytes, pieceBytes)),
  };
}

async function* piecesOf(bytes: Buffer, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield await Promise.resolve(bytes.subarray(at, at + pieceBytes));
}

export function scriptInput(script: string, shell: Shell = 'bash', workingDirectory?: string): JsonObject {
  return { script, shell, ...(workingDirectory === undefined ? {} : { workingDirectory }) };
}

/** A new folder that is removed by `using`. */
export function temporaryFolder(): { readonly path: string; readonly [Symbol.dispose]: () => void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'kb-host-')));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function collect({ content }: NewArtifact): Promise<Buffer> {
  if (content instanceof Uint8Array) return Buffer.from(content);
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}
