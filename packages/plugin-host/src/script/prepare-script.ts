import { stat } from 'node:fs/promises';

import type { JsonObject, Shell } from '@kb-labs/contracts';
import type { StepCall } from '@kb-labs/ports';

import { resolveInside } from '../files/inside.js';
import { baseEnv, type HostEnv } from '../process-tree/base-env.js';
import { StepFailure } from '../step-failure.js';
import { tryNumber } from '../try-number.js';
import { isShell } from './interpreters.js';
import type { StepFolder } from './step-folder.js';

export interface ScriptInput {
  readonly script: string;
  readonly shell: Shell;
  /** Relative to the workspace. */
  readonly workingDirectory?: string;
}

/** The input of `builtin:run`. Fails with `INPUT_INVALID`. */
export function readScriptInput(input: JsonObject): ScriptInput {
  const { script, shell, workingDirectory } = input;
  if (typeof script !== 'string' || !isShell(shell) || (workingDirectory !== undefined && typeof workingDirectory !== 'string')) {
    throw new StepFailure('INPUT_INVALID', 'a script step takes the texts script and shell (bash, sh, node, python), and workingDirectory', { kbRetry: 'never' });
  }
  return { script, shell, ...(workingDirectory === undefined ? {} : { workingDirectory }) };
}

/** The folder a script starts in: the workspace, or one inside it with links followed. Fails with `INPUT_INVALID`. */
export async function findWorkingFolder(workspace: string, path: string | undefined): Promise<string> {
  if (path === undefined) return workspace;
  const place = await resolveInside(workspace, path).catch(() => undefined);
  if (place === undefined) return refuse(path, 'is not inside the workspace');
  const isFolder = await stat(place.absolute).then((found) => found.isDirectory(), () => false);
  return isFolder ? place.absolute : refuse(path, 'is not a folder');
}

/** All that a script sees. The engine's own names come last: what a document sets cannot replace them. */
export function scriptEnv(call: StepCall, folder: StepFolder, hostEnv: HostEnv): Record<string, string> {
  const { KB_STEP_TOKEN: _, ...declared } = call.env;
  return {
    ...baseEnv(hostEnv),
    ...declared,
    KB_RUN_ID: call.runId,
    KB_JOB_ID: call.job,
    KB_STEP_ID: call.step,
    KB_ATTEMPT: String(tryNumber(call)),
    KB_IDEMPOTENCY_KEY: call.idempotencyKey,
    KB_WORKSPACE: call.workspace,
    KB_ARTIFACTS: folder.artifacts,
    KB_OUTPUT: folder.output,
  };
}

function refuse(path: string, problem: string): never {
  throw new StepFailure('INPUT_INVALID', `the working directory ${JSON.stringify(path)} ${problem}`, { kbRetry: 'never' });
}
