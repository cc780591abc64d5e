import { type ExecutionTarget, parseDuration, parseSize, type PlannedTarget } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { ExecutionSettings } from '@kb-labs/plugin-host';

import type { WrittenConfig } from './config-schema.js';

type WrittenExecution = NonNullable<WrittenConfig['execution']>;

/** Where steps run that do not say it themselves, and how weak a place may be. Fails with `CONFIG_INVALID` when the keys of the target mean nothing together. */
export function readExecution(written: WrittenExecution | undefined): ExecutionSettings {
  const { target, 'min-isolation': minIsolation, pool, container } = written ?? {};
  if (target !== undefined) requireSense(target);
  return {
    ...(target === undefined ? {} : { target: toTarget(target) }),
    ...(minIsolation === undefined ? {} : { minIsolation }),
    pool: given({
      processes: pool?.processes,
      processesPerPlugin: pool?.['processes-per-plugin'],
      calls: pool?.calls,
      ageMs: pool?.age === undefined ? undefined : parseDuration(pool.age),
      idleMs: pool?.idle === undefined ? undefined : parseDuration(pool.idle),
      memoryBytes: pool?.memory === undefined ? undefined : parseSize(pool.memory),
    }),
    container: given({
      program: container?.program,
      image: container?.image,
      images: container?.images,
      pull: container?.pull,
      memoryBytes: container?.memory === undefined ? undefined : parseSize(container.memory),
      cpus: container?.cpus,
      pids: container?.pids,
    }),
  };
}

function requireSense({ mode, image, sandbox, cpus, pids, memory }: ExecutionTarget): void {
  const hasLimits = memory !== undefined || cpus !== undefined || pids !== undefined;
  const odd =
    mode !== 'container' && image !== undefined
      ? '"image" belongs to containers'
      : mode !== 'subprocess' && sandbox !== undefined
        ? '"sandbox" belongs to subprocesses'
        : hasLimits && mode !== 'subprocess' && mode !== 'container'
          ? '"memory", "cpus" and "pids" belong to subprocesses and containers'
          : undefined;
  if (odd !== undefined) throw new AppError('CONFIG_INVALID', { problem: `execution.target: ${odd}` });
}

function toTarget({ mode, image, sandbox, memory, cpus, pids }: ExecutionTarget): PlannedTarget {
  return { mode, ...given({ image, sandbox, memoryBytes: memory === undefined ? undefined : parseSize(memory), cpus, pids }) };
}

function given<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}
