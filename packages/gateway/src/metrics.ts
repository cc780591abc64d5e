import { isTerminalRun, RUN_STATUSES, type RunStatus, type TerminalJobStatus, type TerminalRunStatus } from '@kb-labs/contracts';
import type { EngineDeps } from '@kb-labs/engine';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import { DELAY_METRICS, EventLoopDelay } from './event-loop-delay.js';
import { within } from './within.js';

/** What is looked up when somebody asks. */
export interface MetricSources {
  readonly clock: EngineDeps['clock'];
  readonly catalog: Pick<EngineDeps['catalog'], 'countOpen'>;
  readonly queue: Pick<EngineDeps['queue'], 'counts'>;
  /** Jobs that this process holds. */
  readonly heldJobs: () => number;
}

/** What happens here is counted when it happens; labels are states, of which there are few. */
export interface Metrics {
  runStarted(): void;
  runFinished(status: TerminalRunStatus): void;
  /** `ms` from its first start to its end, its waits included. */
  jobFinished(status: TerminalJobStatus, ms: number): void;
  /** In the text format of Prometheus. When the state cannot be read, what is known of the process alone. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const STATE_LIMIT_MS = 1_000;
const JOB_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400];
/** The longest time that a timer of the system takes. */
const NEVER_MS = 2 ** 31 - 1;
const OPEN_STATUSES: readonly RunStatus[] = RUN_STATUSES.filter((status) => !isTerminalRun(status));

export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const delay = collectProcess(registry, sources.clock);
  const started = new Counter({ registers, name: 'kb_runs_started_total', help: 'Runs whose first job began in this process' });
  const finished = new Counter({ registers, name: 'kb_runs_finished_total', help: 'Runs that this process brought to their end', labelNames: ['status'] });
  const jobs = new Histogram({
    registers,
    name: 'kb_job_duration_seconds',
    help: 'Jobs that ended in this process: from their first start to their end, waits included',
    labelNames: ['status'],
    buckets: JOB_SECONDS,
  });
  new Gauge({
    registers,
    name: 'kb_jobs_running',
    help: 'Jobs that this process holds',
    collect() {
      this.set(sources.heldJobs());
    },
  });
  const stateUp = new Gauge({ registers, name: 'kb_state_up', help: 'Whether the state could be read: 1 or 0' });
  const open = new Gauge({ registers, name: 'kb_runs_open', help: 'Runs of the whole state that have not ended', labelNames: ['status'] });
  const tickets = new Gauge({ registers, name: 'kb_queue_tickets', help: 'Jobs of the whole state to be carried out: held, due, or later', labelNames: ['state'] });

  const readState = async (): Promise<void> => {
    try {
      const [runs, queue] = await within(sources.clock, STATE_LIMIT_MS, Promise.all([sources.catalog.countOpen(), sources.queue.counts()]));
      for (const status of OPEN_STATUSES) open.set({ status }, runs[status] ?? 0);
      for (const state of ['held', 'due', 'later'] as const) tickets.set({ state }, queue[state]);
      stateUp.set(1);
    } catch {
      open.reset();
      tickets.reset();
      stateUp.set(0);
    }
  };
  return {
    runStarted: () => {
      started.inc();
    },
    runFinished: (status) => {
      finished.inc({ status });
    },
    jobFinished: (status, ms) => {
      jobs.observe({ status }, ms / 1_000);
    },
    render: async () => {
      await readState();
      delay.collect();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** What `prom-client` knows of every process, but for the delay of the event loop, which it would measure whether anybody asks or not. */
function collectProcess(registry: Registry, clock: MetricSources['clock']): EventLoopDelay {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const name of DELAY_METRICS) registry.removeSingleMetric(name);
  return new EventLoopDelay(registry, clock);
}
