import { setTimeout as wait } from 'node:timers/promises';

import type { RunId } from '@kb-labs/contracts';
import { type EngineDeps, startRun } from '@kb-labs/engine';
import { hasCode } from '@kb-labs/errors';

import { manual } from './open-engine.js';

const ASK_AGAIN_MS = 20;

/** Two jobs, five steps. With `held` one of them is told so. */
export const WORK = `
id: work
inputs: { held: { type: boolean, default: false } }
jobs:
  one:
    steps:
      - { id: a, uses: host/do:it }
      - { id: b, uses: host/do:it, with: { held: "\${{ inputs.held }}" } }
  two:
    needs: one
    steps:
      - { id: a, uses: host/do:it }
      - { id: b, uses: host/do:it }
      - { id: c, uses: host/do:it }
`;

/** Asks until it has an answer, under one key: a run whose answer was lost is not started a second time. */
export async function startWork(deps: EngineDeps, options: { idempotencyKey: string; held: boolean }): Promise<RunId> {
  const { idempotencyKey, held } = options;
  for (;;) {
    try {
      const { run } = await startRun(deps, { workflowId: 'work', input: { held }, trigger: manual, idempotencyKey });
      return run.id as RunId;
    } catch (thrown) {
      if (!hasCode(thrown, 'STATE_UNAVAILABLE')) throw thrown;
      await wait(ASK_AGAIN_MS);
    }
  }
}
