import type { PlannedTarget } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';
import type { Logger, Placement, StepCall, StepToPlace } from '@kb-labs/ports';

import type { ConfinedProgram, Confinement, InnerProgram, Room } from '../confine/confinement.js';
import { baseEnv, type HostEnv } from '../process-tree/base-env.js';
import { HAS_PROCESS_LIST } from '../process-tree/process-list.js';
import { HandlerPool } from './handler-pool.js';
import { HandlerProcess } from './handler-process.js';
import { endsWithParent, nodeCommand } from './node-command.js';
import { placeStep, type StepKind } from './place-step.js';
import { type ExecutionSettings, poolDefaults } from './settings.js';

export interface TargetOptions {
  readonly hostEnv: HostEnv;
  readonly settings: ExecutionSettings;
  readonly logger: Logger;
}

/** What a step that is confined runs in. */
export type ConfinedIsolation = 'sandbox' | 'container';

/** Where steps run that do not run in this process: opened once per host, with the first such step. */
export class Targets {
  readonly settings: ExecutionSettings;
  readonly hostEnv: HostEnv;
  readonly #logger: Logger;
  readonly #confinements = new Map<ConfinedIsolation, Promise<Confinement>>();
  #pool: HandlerPool | undefined;

  constructor({ hostEnv, settings, logger }: TargetOptions) {
    this.#logger = logger;
    this.hostEnv = hostEnv;
    this.settings = settings;
  }

  get pool(): HandlerPool {
    this.#pool ??= new HandlerPool(poolDefaults(this.settings.pool), () => this.#startWarm());
    return this.#pool;
  }

  /** Where a step runs, see `placeStep`. */
  place(kind: StepKind, step: Pick<StepToPlace, 'target' | 'signal'>): Promise<Placement> {
    return placeStep(kind, step, {
      settings: this.settings,
      canSandbox: async () => (await import('../confine/can-sandbox.js')).canSandbox(),
      canWatch: HAS_PROCESS_LIST,
      resolveImage: async (reference, container, signal) => {
        const { resolveImage } = await import('../confine/resolve-image.js');
        return resolveImage(reference, container, { hostEnv: this.hostEnv, signal });
      },
    });
  }

  /** Puts a program into a room of its own. */
  async confine(isolation: ConfinedIsolation, inner: InnerProgram, room: Room): Promise<ConfinedProgram> {
    const opened = this.#confinements.get(isolation) ?? this.#open(isolation);
    this.#confinements.set(isolation, opened);
    return (await opened).wrap(inner, room);
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }

  #open(isolation: ConfinedIsolation): Promise<Confinement> {
    return isolation === 'sandbox' ? openSandbox(this.settings) : openContainers(this.settings, this.hostEnv, this.#logger);
  }

  #startWarm(): HandlerProcess {
    const program = nodeCommand({ node: process.execPath, cwd: process.cwd(), env: baseEnv(this.hostEnv) });
    return new HandlerProcess({ program: endsWithParent(program), limits: {} });
  }
}

/** What a room of a step is made of beside its files. */
export function roomOf(call: StepCall, target: PlannedTarget | undefined): Pick<Room, 'workspace' | 'limits' | 'labels' | 'image'> {
  const { memoryBytes, cpus, pids } = target ?? {};
  const { image } = call.placement;
  return {
    workspace: call.workspace,
    limits: { ...(memoryBytes === undefined ? {} : { memoryBytes }), ...(cpus === undefined ? {} : { cpus }), ...(pids === undefined ? {} : { pids }) },
    labels: { run: call.runId, job: call.job, step: call.step },
    ...(image === undefined ? {} : { image: image.digest }),
  };
}

/** Limits that this process has to watch over: a container has them kept by the system. */
export function watchedLimits({ isolation, target }: Placement & { ok: true }): Pick<PlannedTarget, 'memoryBytes' | 'cpus' | 'pids'> {
  if (isolation === 'container' || target === undefined) return {};
  const { memoryBytes, cpus, pids } = target;
  return { ...(memoryBytes === undefined ? {} : { memoryBytes }), ...(cpus === undefined ? {} : { cpus }), ...(pids === undefined ? {} : { pids }) };
}

async function openSandbox({ hidden = [] }: ExecutionSettings): Promise<Confinement> {
  const [{ bubblewrap }, { canSandbox }] = await Promise.all([import('../confine/bubblewrap.js'), import('../confine/can-sandbox.js')]);
  const found = await canSandbox();
  if (!found.ok) throw new AppError('TARGET_NOT_AVAILABLE', { target: 'a sandbox', problem: found.problem });
  return bubblewrap({ program: found.program, hidden });
}

/** The first container of a host is also when those are ended that an engine before it was killed with. */
async function openContainers({ container: settings = {}, hidden = [] }: ExecutionSettings, hostEnv: HostEnv, logger: Logger): Promise<Confinement> {
  const [{ container }, { sweepContainers }] = await Promise.all([import('../confine/container.js'), import('../confine/sweep-containers.js')]);
  try {
    await sweepContainers(settings, hostEnv);
  } catch (error) {
    logger.warn('containers of engines that are gone could not be removed', { problem: String(error) });
  }
  return container(settings, { hidden, hostEnv });
}
