import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { EngineDeps } from '@kb-labs/engine';
import { Gauge, type Registry } from 'prom-client';

/** How often the delay is measured while somebody reads it, in milliseconds. */
const RESOLUTION_MS = 10;
/** Whoever has not asked for so long does not ask any more, in milliseconds. */
const UNASKED_MS = 300_000;
const PREFIX = 'nodejs_eventloop_lag_';

type Delays = ReturnType<typeof monitorEventLoopDelay>;

/** By the names that `prom-client` gives them, which dashboards know. */
const GAUGES: Readonly<Record<string, { readonly help: string; readonly read: (delays: Delays) => number }>> = {
  min: { help: 'Smallest delay of the event loop since the last scrape', read: ({ min }) => min },
  max: { help: 'Greatest delay of the event loop since the last scrape', read: ({ max }) => max },
  mean: { help: 'Mean delay of the event loop since the last scrape', read: ({ mean }) => mean },
  stddev: { help: 'Standard deviation of the delay of the event loop since the last scrape', read: ({ stddev }) => stddev },
  p50: { help: 'Median of the delay of the event loop since the last scrape', read: (delays) => delays.percentile(50) },
  p90: { help: '90th percentile of the delay of the event loop since the last scrape', read: (delays) => delays.percentile(90) },
  p99: { help: '99th percentile of the delay of the event loop since the last scrape', read: (delays) => delays.percentile(99) },
};

export const DELAY_METRICS: readonly string[] = Object.keys(GAUGES).map(nameOf);

/**
 * The delay of the event loop from one scrape to the next. To measure it wakes the process a hundred times a second, so it is measured
 * from the first scrape on, whose gauges are empty, and until nobody has asked for five minutes.
 */
export class EventLoopDelay {
  readonly #clock: Pick<EngineDeps['clock'], 'after'>;
  readonly #monitor: () => Delays;
  readonly #gauges: readonly (readonly [Gauge, (delays: Delays) => number])[];
  #delays: Delays | undefined;
  #rest: (() => void) | undefined;

  constructor(registry: Registry, clock: Pick<EngineDeps['clock'], 'after'>, monitor = () => monitorEventLoopDelay({ resolution: RESOLUTION_MS })) {
    this.#clock = clock;
    this.#monitor = monitor;
    this.#gauges = Object.entries(GAUGES).map(([part, { help, read }]) => [new Gauge({ registers: [registry], name: nameOf(part), help }), read]);
  }

  /** For a scrape. */
  collect(): void {
    const delays = (this.#delays ??= this.#monitor());
    const isKnown = delays.count > 0;
    for (const [gauge, read] of this.#gauges) {
      if (isKnown) gauge.set(read(delays) / 1e9);
      else gauge.remove();
    }
    delays.reset();
    if (this.#rest === undefined) delays.enable();
    this.#rest?.();
    this.#rest = this.#clock.after(
      UNASKED_MS,
      () => {
        this.#rest = undefined;
        delays.disable();
        delays.reset();
      },
      { unref: true },
    );
  }
}

function nameOf(part: string): string {
  return `${PREFIX}${part}_seconds`;
}
