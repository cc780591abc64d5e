import type { PlannedStep } from '@kb-labs/contracts';

/** Whether a step is carried out by the plugin host: a command or a script. All others are the engine's own. */
export function runsCode({ uses }: Pick<PlannedStep, 'uses'>): boolean {
  return uses.kind === 'plugin' || (uses.kind === 'builtin' && uses.name === 'run');
}
