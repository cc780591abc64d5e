import { availableParallelism } from 'node:os';

import type { Isolation, PlannedTarget } from '@kb-labs/contracts';

import type { ContainerSettings } from '../confine/container-settings.js';

/** Where the steps of an installation run. */
export interface ExecutionSettings {
  /** Of plugin commands whose document says nothing. Absent: trusted plugins in this process, others in a sandbox. */
  readonly target?: PlannedTarget;
  /** What is weaker is refused, or raised where the document leaves it open. Absent: anything goes. */
  readonly minIsolation?: Isolation;
  readonly pool?: PoolSettings;
  readonly container?: ContainerSettings;
  /** Folders that confined steps do not see even inside their workspace, beside its `.kb/state`: the engine's state where it is elsewhere. */
  readonly hidden?: readonly string[];
}

/** Processes that are kept warm for handlers. */
export interface PoolSettings {
  /** At once, of all plugins. As many as there are processors when left out, 2 at least. */
  readonly processes?: number;
  /** At once, of one plugin. As `processes` when left out. */
  readonly processesPerPlugin?: number;
  /** What one process is given before another takes its place. 100 when left out. */
  readonly calls?: number;
  /** How old one gets. 15 minutes when left out. */
  readonly ageMs?: number;
  /** One that takes more after a call is ended, at most 50 ms later. 512 MiB when left out. */
  readonly memoryBytes?: number;
  /** How long one stays without a call. 60 s when left out. */
  readonly idleMs?: number;
}

export function poolDefaults(settings: PoolSettings = {}): Required<PoolSettings> {
  const processes = settings.processes ?? Math.max(2, availableParallelism());
  return {
    processes,
    processesPerPlugin: settings.processesPerPlugin ?? processes,
    calls: settings.calls ?? 100,
    ageMs: settings.ageMs ?? 15 * 60_000,
    memoryBytes: settings.memoryBytes ?? 512 * 1024 * 1024,
    idleMs: settings.idleMs ?? 60_000,
  };
}
