import { type ExecutionTarget, parseSize, type PlannedTarget, type Uses } from '@kb-labs/contracts';

import { present } from './written-values.js';

/**
 * Where a step is to run: by the first of what is written on the step, its job and in the defaults. A script is a process of its own, so
 * what is meant for commands of the job does not hold for it; the engine's own steps run nowhere else.
 */
export function planTarget(uses: Uses, written: readonly (ExecutionTarget | undefined)[]): PlannedTarget | undefined {
  const target = written.find((one) => one !== undefined);
  if (target === undefined || uses.kind === 'workflow') return undefined;
  if (uses.kind === 'builtin' && (uses.name !== 'run' || target.mode === 'in-process' || target.mode === 'worker-pool')) return undefined;
  const { mode, image, sandbox, memory, cpus, pids } = target;
  return { mode, ...present({ image, sandbox, memoryBytes: memory === undefined ? undefined : parseSize(memory), cpus, pids }) };
}
