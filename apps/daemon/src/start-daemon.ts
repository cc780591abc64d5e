import type { RequestListener } from 'node:http';

import { createWorker, type EngineDeps, hasAdminKey } from '@kb-labs/engine';
import { type Access, createAccess, createGateway, createMetrics, refuseUnsafe } from '@kb-labs/gateway';
import type { Logger } from '@kb-labs/ports';

import { composeEngine } from './compose.js';
import type { Config } from './config.js';
import { tierOf } from './configured-tiers.js';
import { DAEMON_ROLES, type DaemonRole } from './daemon-roles.js';
import { startDeliveryRound } from './delivery-round.js';
import { keepDaemonFile } from './keep-daemon-file.js';
import { keepLoopbackKey } from './loopback-key.js';
import { measureLog } from './measure-log.js';
import { ownProcess } from './process-identity.js';
import { startRetentionSweeper } from './retention-sweeper.js';
import { watchPushes } from './push-spool.js';
import { startScheduleClock } from './schedule-clock.js';
import { startScheduler } from './scheduler.js';
import { studioFiles } from './studio-files.js';
import { systemClock } from './system-clock.js';

export interface StartDaemon {
  /** The environment steps and plugins may be given a part of. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Of the program, told to those who ask. */
  readonly version: string;
  /** As in `ComposeOptions`. */
  readonly build?: string;
  /** All when left out. */
  readonly roles?: readonly DaemonRole[];
  /** Jobs at once; the setting `concurrency` when left out. */
  readonly concurrency?: number;
  /** Where the gateway listens; 127.0.0.1:4000 when left out, any free port for 0. */
  readonly host?: string;
  readonly port?: number;
  /** `false` for a gateway inside of a service with a server of its own, which hands requests to `Daemon.handler`. `true` when left out. */
  readonly listen?: boolean;
  /** How long steps may go on once it was told to stop. 30 s when left out. */
  readonly drainMs?: number;
}

export interface Daemon {
  /** Where its gateway listens; `null` when there is none, or none that listens. */
  readonly url: string | null;
  /** What the gateway answers with, as `Gateway.handler`; `null` without the role `gateway`. */
  readonly handler: RequestListener | null;
  /** What the verbs of the engine are called with. */
  readonly deps: EngineDeps;
  readonly roles: readonly DaemonRole[];
  /** How many jobs it holds. */
  readonly held: number;
  /** Takes nothing new, hands its jobs back after the step they are in or when the time is over, and lets go of everything. */
  stop(): Promise<void>;
}

const DRAIN_MS = 30_000;

/**
 * Serves all runs of a project until it is stopped. What was open goes on. Fails with `STATE_*`, `ADDRESS_IN_USE` or
 * `CONFIG_INVALID`, and leaves nothing behind then.
 */
export async function startDaemon(config: Config, options: StartDaemon): Promise<Daemon> {
  const { logger, version, drainMs = DRAIN_MS } = options;
  const roles = DAEMON_ROLES.filter((role) => options.roles?.includes(role) ?? true);
  const startedAt = new Date().toISOString();
  const opened = new Opened(logger);
  try {
    const composed = await composeEngine(config, { env: options.env, logger, ...(options.build === undefined ? {} : { build: options.build }) });
    opened.add('close the state', () => composed.close());
    const { clock, catalog, queue } = composed.deps;
    const metrics = roles.includes('gateway') ? createMetrics({ clock, catalog, queue, heldJobs: () => worker.held }) : undefined;
    const deps = metrics === undefined ? composed.deps : { ...composed.deps, log: measureLog(composed.deps.log, metrics) };
    const worker = createWorker(deps, { concurrency: options.concurrency ?? config.concurrency, leaseMs: config.leaseMs, reconciles: false });

    let url: string | null = null;
    let handler: RequestListener | null = null;
    if (metrics !== undefined) {
      const { host, port } = options;
      await refuseExposure(host, config, deps);
      const studio = studioFiles();
      const working = roles.includes('worker') ? { worker: () => failFor(worker.problem) } : {};
      const gateway = createGateway({
        ...(host === undefined ? {} : { host }),
        ...(port === undefined ? {} : { port }),
        checks: { state: () => composed.check(), ...working },
        metrics,
        deps,
        access: accessOf(config, deps),
        allowedHosts: config.allowedHosts,
        secure: isSecure(config.url),
        version,
        ...(studio === undefined ? {} : { studio }),
      });
      handler = gateway.handler;
      if (options.listen !== false) url = await gateway.listen();
      opened.add('close the gateway', () => gateway.close());
    }
    opened.add('remove the record', keepDaemonFile({ pid: process.pid, url, roles, startedAt, version, process: ownProcess() }, { stateDir: config.stateDir, clock, logger }));
    if (roles.includes('worker')) {
      await worker.start();
      opened.add('stop the worker', () => worker.stop({ graceMs: drainMs }));
    }
    if (roles.includes('scheduler')) {
      const scheduler = startScheduler(deps);
      opened.add('stop the scheduler', () => scheduler.stop());
      const schedules = startScheduleClock(deps, systemClock);
      opened.add('stop the schedules', () => schedules.stop());
      const deliveries = startDeliveryRound(deps);
      opened.add('stop the deliveries', () => deliveries.stop());
      const pushes = watchPushes(deps);
      opened.add('stop looking after pushes', () => pushes.stop());
      const sweeper = startRetentionSweeper(deps, config.tiers);
      opened.add('stop the sweeper', () => sweeper.stop());
    }
    logger.info('the daemon works', { url, roles: [...roles], version, project: config.projectRoot });
    return {
      url,
      handler,
      deps,
      roles,
      get held() {
        return worker.held;
      },
      stop: () => opened.close(),
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Whether it is told to listen where others can reach it, and is not ready for them. */
async function refuseExposure(host: string | undefined, { allowedHosts, url }: Config, deps: EngineDeps): Promise<void> {
  if (host === undefined) return;
  const exposure = { host, hasAdminKey: await hasAdminKey(deps), allowedHosts, secure: isSecure(url) };
  for (const warning of refuseUnsafe(exposure)) deps.logger.warn(warning);
}

function accessOf({ stateDir, tiers, url }: Config, deps: EngineDeps): Access {
  return createAccess(deps, { tierOf: (tenant) => tierOf(tiers, tenant), loopback: keepLoopbackKey(stateDir), secure: isSecure(url) });
}

function isSecure(url: string): boolean {
  return url.startsWith('https:');
}

function failFor(problem: string | undefined): Promise<void> {
  return problem === undefined ? Promise.resolve() : Promise.reject(new Error(problem));
}

/** What was opened, closed in the opposite order. What cannot be closed is told and keeps nothing else open. */
class Opened {
  readonly #logger: Logger;
  readonly #closers: { readonly what: string; readonly close: () => Promise<void> | void }[] = [];
  #closing: Promise<void> | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(what: string, close: () => Promise<void> | void): void {
    this.#closers.push({ what, close });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    for (const { what, close } of this.#closers.toReversed()) {
      try {
        await close();
      } catch (error) {
        this.#logger.error(`cannot ${what}`, { problem: String(error) });
      }
    }
  }
}
