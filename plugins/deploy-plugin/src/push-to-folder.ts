import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { PluginContext } from '@kb-labs/sdk';

import { askProgram } from './ask-program.js';
import { keyOf } from './note-release.js';
import type { PushOutcome } from './push-outcome.js';
import type { PushRequest, ReleaseNote } from './release/requests.js';
import { withTemporaryFolder } from './temporary-folder.js';

const KEEP = 5;
/** Of what a health check says, in the message of its failure. The log has all of it. */
const LAST_LINES = 5;

interface HealthCheck {
  readonly program: string;
  readonly args?: readonly string[] | undefined;
}

interface FolderTarget {
  readonly path: string;
  readonly source: string;
  readonly keep?: number | undefined;
  readonly healthCheck?: HealthCheck | undefined;
}

/** A new release folder on this machine. */
export async function pushToFolder({ path, source, keep = KEEP, healthCheck }: FolderTarget, note: ReleaseNote, ctx: PluginContext): Promise<PushOutcome> {
  const request: PushRequest = { act: 'push', workspace: ctx.workspace, source, path, keep, key: keyOf(ctx), note };
  const { release, previous, changed, repeated, files, bytes } = healthCheck === undefined ? await askProgram(ctx, request) : await pushChecked(request, healthCheck, ctx);
  return { release, previous, changed, repeated, files, bytes };
}

/**
 * The program holds the lock from the copy to the answer of the check, and this side runs the check, because that has to be
 * a program that the step is allowed to start.
 */
function pushChecked(request: PushRequest, healthCheck: HealthCheck, ctx: PluginContext): ReturnType<typeof askProgram> {
  return withTemporaryFolder(async (folder) => {
    const answerFile = join(folder, 'answer');
    let refused: unknown;
    let words = '';
    let checking: Promise<void> = Promise.resolve();
    try {
      return await askProgram(ctx, { ...request, answerFile }, {
        onCheck: (release, releaseFolder) => {
          checking = findIllness(healthCheck, { KB_DEPLOY_RELEASE: release, KB_DEPLOY_FOLDER: releaseFolder }, ctx)
            .catch((error: unknown) => {
              refused = error;
              return '';
            })
            .then((illness) => {
              words = illness ?? '';
              return giveAnswer(answerFile, illness === undefined);
            });
        },
      });
    } catch (error) {
      await checking;
      // A check that could not even be started says more than that it failed.
      if (error instanceof Error && words !== '') error.message += `. ${words}`;
      throw refused ?? error;
    }
  });
}

/** How the check ended and what it said last; `undefined` when the release is well. */
async function findIllness({ program, args = [] }: HealthCheck, env: Readonly<Record<string, string>>, ctx: PluginContext): Promise<string | undefined> {
  const last: string[] = [];
  const { exitCode } = await ctx.exec(program, args, {
    env,
    onLine: (line) => {
      ctx.log.info(`health check: ${line}`);
      if (line.trim() === '') return;
      last.push(line.slice(0, 500));
      if (last.length > LAST_LINES) last.shift();
    },
  });
  if (exitCode === 0) return undefined;
  return `The check ended with exit code ${String(exitCode)}${last.length === 0 ? ' and said nothing' : `: ${last.join('\n')}`}`;
}

async function giveAnswer(file: string, healthy: boolean): Promise<void> {
  await writeFile(`${file}.part`, healthy ? '0' : '1');
  await rename(`${file}.part`, file);
}
