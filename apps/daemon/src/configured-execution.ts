import { type ExecutionTarget, type Isolation, parseDuration, parseSize, type PlannedTarget } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { WrittenConfig } from './config-schema.js';

/** Where steps run that do not say it themselves, and how weak a place may be. What is not set is for the host of plugins to decide. */
export interface ConfiguredExecution {
  readonly target?: PlannedTarget;
  readonly minIsolation?: Isolation;
  readonly pool: ConfiguredPool;
  readonly container: ConfiguredContainer;
}

/** Processes that are kept warm for commands of plugins. */
export interface ConfiguredPool {
  readonly workers?: number;
  readonly workersPerPlugin?: number;
  /** Of one process, before another takes its place. */
  readonly maxCalls?: number;
  readonly maxAgeMs?: number;
  readonly maxMemoryBytes?: number;
}

export interface ConfiguredContainer {
  readonly program?: 'podman' | 'docker';
  /** Of targets that name none. */
  readonly image?: string;
  /** Globs that an image has to fit one of. */
  readonly images?: readonly string[];
  readonly pull?: 'missing' | 'never';
  readonly memoryBytes?: number;
  readonly cpus?: number;
  readonly pids?: number;
}

type WrittenExecution = NonNullable<WrittenConfig['execution']>;

/** Fails with `CONFIG_INVALID` when the target is weaker than the installation allows, or its keys mean nothing together. */
export function readExecution(written: WrittenExecution | undefined): ConfiguredExecution {
  const { target, 'min-isolation': minIsolation, pool, container } = written ?? {};
  if (target !== undefined) requireSense(target);
  return {
    ...(target === undefined ? {} : { target: toTarget(target) }),
    ...(minIsolation === undefined ? {} : { minIsolation }),
    pool: given({
      workers: pool?.workers,
      workersPerPlugin: pool?.['workers-per-plugin'],
      maxCalls: pool?.calls,
      maxAgeMs: pool?.age === undefined ? undefined : parseDuration(pool.age),
      maxMemoryBytes: pool?.memory === undefined ? undefined : parseSize(pool.memory),
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
  const odd =
    mode !== 'container' && (image !== undefined || cpus !== undefined || pids !== undefined)
      ? '"image", "cpus" and "pids" belong to containers'
      : mode !== 'subprocess' && sandbox !== undefined
        ? '"sandbox" belongs to subprocesses'
        : memory !== undefined && mode !== 'subprocess' && mode !== 'container'
          ? '"memory" belongs to subprocesses and containers'
          : undefined;
  if (odd !== undefined) throw new AppError('CONFIG_INVALID', { problem: `execution.target: ${odd}` });
}

function toTarget({ mode, image, sandbox, memory, cpus, pids }: ExecutionTarget): PlannedTarget {
  return { mode, ...given({ image, sandbox, memoryBytes: memory === undefined ? undefined : parseSize(memory), cpus, pids }) };
}

function given<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
}
