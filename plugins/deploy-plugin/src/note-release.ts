import { createHash } from 'node:crypto';

import type { PluginContext } from '@kb-labs/sdk';

import type { ReleaseNote } from './release/requests.js';

const COMMIT = /^[0-9a-f]{40,64}$/;

/** The same for every try of a step of a run: what an earlier try has made is found by it. */
export function keyOf({ idempotencyKey }: Pick<PluginContext, 'idempotencyKey'>): string {
  return createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 12);
}

/** What is noted with a release. The commit is that of the workspace, where it is a repository and git may be started. */
export async function noteOf(ctx: PluginContext, { version, url }: { readonly version: string | undefined; readonly url: string | undefined }): Promise<ReleaseNote> {
  const commit = await findCommit(ctx);
  const { id, workflowId, job, step } = ctx.run;
  return {
    ...(version === undefined ? {} : { version }),
    ...(commit === undefined ? {} : { commit }),
    ...(url === undefined ? {} : { url }),
    createdAt: Date.now(),
    run: id,
    workflow: workflowId,
    job,
    step,
  };
}

async function findCommit(ctx: PluginContext): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await ctx.exec('git', ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
    const commit = stdout.trim();
    return exitCode === 0 && COMMIT.test(commit) ? commit : undefined;
  } catch {
    ctx.signal.throwIfAborted();
    // No git, or none that the document grants: the release is noted without a commit.
    return undefined;
  }
}
