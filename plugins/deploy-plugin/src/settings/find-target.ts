import { FatalError, type PluginContext } from '@kb-labs/sdk';
import type { z } from 'zod';

import type { Found } from './found-target.js';
import type { pushTarget, rollbackTarget } from './targets.js';

type PushTarget = z.infer<typeof pushTarget>;
type RollbackTarget = z.infer<typeof rollbackTarget>;

/** What the step was given. */
interface Asked<Target> {
  readonly target?: Target | undefined;
  readonly environment?: string | undefined;
}

/** The target of the step, else that of `.kb/deploy.json` in its workspace. Fails with `NO_TARGET` or `TARGET_INVALID`. */
export async function findPushTarget(asked: Asked<PushTarget>, ctx: PluginContext): Promise<Found<PushTarget>> {
  refuseBoth(asked);
  if (asked.target !== undefined) return { target: asked.target };
  const { readPushSettings } = await import('./read-settings.js');
  return readPushSettings(asked.environment, ctx);
}

/** As for a deployment; what only a deployment needs is left out of the target. */
export async function findRollbackTarget(asked: Asked<RollbackTarget>, ctx: PluginContext): Promise<RollbackTarget> {
  refuseBoth(asked);
  if (asked.target !== undefined) return asked.target;
  const { readRollbackTarget } = await import('./read-settings.js');
  return readRollbackTarget(asked.environment, ctx);
}

function refuseBoth({ target, environment }: Asked<unknown>): void {
  if (target === undefined || environment === undefined) return;
  throw new FatalError('"target" and "environment" both say where', { code: 'INPUT_INVALID', hint: 'give one of them' });
}
