import { resolve } from 'node:path';

import type { PluginContext } from '@kb-labs/sdk';

import { askProgram } from './ask-program.js';
import { keyOf } from './note-release.js';
import type { PushOutcome } from './push-outcome.js';
import { releaseName, type ReleaseNote } from './release/requests.js';

interface CommandTarget {
  readonly program: string;
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly source?: string | undefined;
}

/** Runs a program that deploys by itself. Nothing is kept about it: whether it has run before is its own to find out, by `KB_DEPLOY_KEY`. */
export async function pushByCommand({ program, args = [], env = {}, source }: CommandTarget, note: ReleaseNote, ctx: PluginContext): Promise<PushOutcome> {
  const sum = source === undefined ? undefined : await askProgram(ctx, { act: 'scan', workspace: ctx.workspace, source, want: 'contents' });
  const release = releaseName(keyOf(ctx), note.createdAt);
  const described = {
    KB_DEPLOY_RELEASE: release,
    KB_DEPLOY_KEY: keyOf(ctx),
    KB_DEPLOY_VERSION: note.version,
    KB_DEPLOY_COMMIT: note.commit,
    KB_DEPLOY_URL: note.url,
    KB_DEPLOY_SOURCE: source === undefined ? undefined : resolve(ctx.workspace, source),
    KB_DEPLOY_DIGEST: sum?.digest,
    KB_DEPLOY_RUN: note.run,
    KB_DEPLOY_WORKFLOW: note.workflow,
    KB_DEPLOY_JOB: note.job,
    KB_DEPLOY_STEP: note.step,
  };
  const { exitCode } = await ctx.exec(program, args, {
    env: { ...env, ...withoutUnset(described) },
    onLine: (line, stream) => (stream === 'stdout' ? ctx.log.info(line) : ctx.log.warn(line)),
  });
  if (exitCode !== 0) throw Object.assign(new Error(`${program} ended with exit code ${String(exitCode)}`), { code: 'DEPLOY_COMMAND_FAILED', details: { exitCode } });
  return { release, previous: null, changed: true, repeated: false, files: sum?.files ?? null, bytes: sum?.bytes ?? null };
}

function withoutUnset(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined));
}
