import { findDaemon } from '@kb-labs/daemon';
import { AppError, type ExitCode, fromUnknown, hasCode } from '@kb-labs/errors';
import type { RunDaemon } from '@kb-labs/daemon/run-daemon';

import type { CommandContext } from '../command-context.js';
import { checkRange } from '../input/check-range.js';
import { ownVersion } from '../project/own-version.js';

/** Set when the program is bundled. */
declare const KB_BUILD: string;

export interface Listens {
  readonly host: string | undefined;
  readonly port: number | undefined;
}

/** This process as the daemon of the project, until a signal ends it. Answers its exit code. */
export async function serveProject(context: CommandContext, { host, port }: Listens, options: Omit<RunDaemon, 'env' | 'build' | 'version' | 'host' | 'port'>): Promise<ExitCode> {
  const checkedPort = checkRange('port', port, { from: 0, to: 65_535 });
  const config = await context.config();
  const { runDaemon } = await import('@kb-labs/daemon/run-daemon');
  try {
    return await runDaemon(config, {
      ...options,
      env: context.terminal.host.env,
      build: KB_BUILD,
      version: await ownVersion(),
      ...(host === undefined ? {} : { host }),
      ...(checkedPort === undefined ? {} : { port: checkedPort }),
    });
  } catch (thrown) {
    throw hasCode(thrown, 'ADDRESS_IN_USE') ? withOwner(thrown, config.stateDir) : thrown;
  }
}

/** Most often it is the daemon that somebody has forgotten. */
function withOwner(thrown: unknown, stateDir: string): unknown {
  const own = findDaemon(stateDir);
  // Of a program of its own, which has classes of its own.
  const address = String(fromUnknown(thrown).details['address']);
  if (own === undefined || own.url === null || !own.url.endsWith(`//${address}`)) return thrown;
  return new AppError('ADDRESS_IN_USE', { address }, { cause: thrown, hint: `a daemon of this project has it, with the process id ${String(own.pid)}: kb daemon:status shows it, kb daemon:stop ends it, --port=0 takes another address` });
}
