import type { PluginContext } from '@kb-labs/sdk';

import { LastLines } from '../last-lines.js';
import { type Manager, runManager } from '../project/manager.js';
import type { Ordered } from '../project/order-packages.js';

export interface BuiltTarget {
  package: string;
  folder: string;
  script: string;
  status: 'succeeded' | 'failed' | 'skipped';
  durationMs: number;
}

interface FailedTarget {
  readonly target: BuiltTarget;
  readonly exitCode: number;
  /** The end of what it printed. */
  readonly last: LastLines;
}

export interface BuildResult {
  /** In the order given. */
  readonly targets: readonly BuiltTarget[];
  readonly failures: readonly FailedTarget[];
}

type BuildContext = Pick<PluginContext, 'exec' | 'env' | 'workspace' | 'log' | 'progress' | 'signal'>;

export interface BuildOptions {
  readonly manager: Manager;
  readonly script: string;
  readonly concurrency: number;
}

/** Runs the script of each package once those before it have succeeded. After a failure nothing new is begun; what runs may end. */
export async function buildTargets(ctx: BuildContext, ordered: readonly Ordered[], { manager, script, concurrency }: BuildOptions): Promise<BuildResult> {
  const targets = new Map(ordered.map(({ package: { name, folder } }): [string, BuiltTarget] => [folder, { package: name, folder, script, status: 'skipped', durationMs: 0 }]));
  const failures: FailedTarget[] = [];
  const waiting = new Map(ordered.map((one) => [one.package.folder, one]));
  const running = new Map<string, Promise<void>>();

  const start = (folder: string): void => {
    const target = targets.get(folder);
    waiting.delete(folder);
    if (target === undefined) return;
    const build = buildOne(ctx, target, { manager, prefix: ordered.length > 1 ? `[${target.package}] ` : '' }).then((failure) => {
      if (failure !== undefined) failures.push(failure);
      running.delete(folder);
      ctx.progress((targets.size - waiting.size - running.size) / targets.size);
    });
    running.set(folder, build);
  };

  try {
    while (failures.length === 0 && waiting.size + running.size > 0) {
      for (const { package: { folder }, after } of [...waiting.values()]) {
        if (running.size < concurrency && ![...after].some((before) => waiting.has(before) || running.has(before))) start(folder);
      }
      const [first] = waiting.values();
      if (running.size === 0 && first !== undefined) {
        ctx.log.warn(`${[...waiting.values()].map(({ package: { name } }) => name).join(', ')} depend on each other: ${first.package.name} is built first`);
        start(first.package.folder);
      }
      await Promise.race(running.values());
    }
  } finally {
    // One that was aborted has aborted all: none is left behind, and the first reason is the one that counts.
    await Promise.allSettled(running.values());
  }
  await Promise.all(running.values());
  return { targets: [...targets.values()], failures };
}

async function buildOne(ctx: BuildContext, target: BuiltTarget, { manager, prefix }: { manager: Manager; prefix: string }): Promise<FailedTarget | undefined> {
  const last = new LastLines();
  ctx.log.info(`${prefix}${manager.name} run ${target.script}`);
  const startedAt = performance.now();
  const exitCode = await runManager(ctx, manager, {
    args: ['run', target.script],
    folder: target.folder,
    onLine: (line) => {
      last.add(line);
      if (line.trim() !== '') ctx.log.info(`${prefix}${line}`);
    },
  });
  target.durationMs = Math.round(performance.now() - startedAt);
  target.status = exitCode === 0 ? 'succeeded' : 'failed';
  return exitCode === 0 ? undefined : { target, exitCode, last };
}
