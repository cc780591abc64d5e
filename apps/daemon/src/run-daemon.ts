import { EXIT_CODES, type ExitCode } from '@kb-labs/errors';

import type { Config } from './config.js';
import type { EngineLogLevel } from './line-logger.js';
import { logOutput } from './log-output.js';
import { pinoLogger } from './pino-logger.js';
import { type Daemon, startDaemon, type StartDaemon } from './start-daemon.js';

export { startDaemon } from './start-daemon.js';
export type { Daemon, StartDaemon } from './start-daemon.js';

export interface RunDaemon extends Omit<StartDaemon, 'logger'> {
  /** The setting `log-level` when left out, and `info` when that was not set either. */
  readonly logLevel?: EngineLogLevel;
  /** Where the log goes; standard output when left out. */
  readonly logTo?: 'stdout' | 'stderr';
  /** Called once it serves. When that fails, the daemon stops. */
  readonly onStarted?: (daemon: Daemon) => Promise<void>;
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const DESCRIPTORS = { stdout: 1, stderr: 2 } as const;

/**
 * A daemon as a process of its own, with its log on a standard stream: it ends with a signal. Answers 0 once everything was
 * handed back; a second signal ends the process at once, with 130.
 */
export async function runDaemon(config: Config, options: RunDaemon): Promise<ExitCode> {
  const output = logOutput(DESCRIPTORS[options.logTo ?? 'stdout']);
  const logger = pinoLogger(options.logLevel ?? (config.origins['log-level'] === 'default' ? 'info' : config.logLevel), output);
  const asked = Promise.withResolvers<NodeJS.Signals>();
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    asked.resolve(signal);
    if (signals === 1) return;
    logger.warn('ends at once', { signal });
    void output.close().then(() => process.exit(EXIT_CODES.interrupted));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    const daemon = await startDaemon(config, { ...options, logger });
    try {
      await options.onStarted?.(daemon);
    } catch (thrown) {
      await daemon.stop();
      throw thrown;
    }
    const signal = await asked.promise;
    logger.info('the daemon stops', { signal, held: daemon.held });
    await daemon.stop();
    logger.info('the daemon has stopped');
    return EXIT_CODES.ok;
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    await output.close();
  }
}
