import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { artifactTypeOf, type JsonObject, type Permissions, toRunId } from '@kb-labs/contracts';
import { createPluginHost } from '@kb-labs/plugin-host';
import type { StepOutcome } from '@kb-labs/ports';

import { Project, repository } from './project.fixture.js';

export interface PluginStep {
  readonly input: JsonObject;
  /** What the document grants; a kind left out is not narrowed. */
  readonly permissions?: Permissions;
  /** What the document lists, with its values. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly consumed?: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  readonly job?: string;
  readonly signal?: AbortSignal;
}

/** A built plugin of this repository behind the real host: one command after the other, as steps of a document. */
export function openPlugin(name: string) {
  const project = new Project();
  const silent = () => undefined;
  const host = createPluginHost({
    firstParty: [join(repository, 'plugins', name)],
    project: { root: project.dir, plugins: [] },
    hostEnv: { PATH: process.env['PATH'] },
    logger: { debug: silent, info: silent, warn: silent, error: silent },
  });
  const run = async (command: string, step: PluginStep): Promise<StepOutcome> => {
    const uses = { kind: 'plugin', package: `@kb-labs/${name}`, command } as const;
    const signal = step.signal ?? new AbortController().signal;
    const placement = await host.place({ uses, signal: () => signal });
    if (!placement.ok) throw new Error(placement.error.message);
    const secrets = step.secrets ?? {};
    return host.run({
      tenant: 'default',
      runId: toRunId('01K0000000000000000000000A'),
      workflowId: 'release',
      job: step.job ?? 'tell',
      attempt: 1,
      step: 'step',
      stepAttempt: 1,
      idempotencyKey: step.idempotencyKey ?? 'key-of-the-step',
      uses,
      placement,
      input: step.input,
      env: {},
      secrets: { listed: Object.keys(secrets), values: secrets },
      workspace: project.dir,
      permissions: step.permissions ?? {},
      consumed: Object.entries(step.consumed ?? {}).map(([artifact, text]) => ({
        handle: { name: artifact, type: artifactTypeOf(artifact), digest: `sha256:${createHash('sha256').update(text).digest('hex')}`, bytes: Buffer.byteLength(text) },
        open: () => Promise.resolve(piece(text)),
      })),
      signal,
      log: () => undefined,
      progress: () => undefined,
      saveArtifact: () => Promise.reject(new Error('these commands save nothing')),
    });
  };
  return {
    project,
    run,
    close: async () => {
      await host.close();
      rmSync(project.dir, { recursive: true, force: true });
    },
  };
}

async function* piece(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}
