import { findDaemon, isDaemonRunning, type RunningDaemon } from '@kb-labs/daemon';
import { AppError } from '@kb-labs/errors';

import type { CommandHandler } from '../command-context.js';

const PATIENCE_S = 60;
const CHECK_MS = 50;

export const execute: CommandHandler<'daemon:stop'> = async (context, args) => {
  const { stateDir } = await context.config();
  const seconds = args.timeout ?? PATIENCE_S;
  if (seconds < 0) throw new AppError('USAGE', { problem: '--timeout cannot be negative' });
  const daemon = findDaemon(stateDir);
  if (daemon === undefined) throw new AppError('DAEMON_NOT_RUNNING', { problem: 'none is named in its state folder' });
  if (daemon.elsewhere) {
    throw new AppError('DAEMON_NOT_RUNNING', { problem: `the one in its state folder was started on ${daemon.process.host}` }, { hint: 'stop it there' });
  }
  askToStop(daemon);
  if (!(await isGone(daemon, seconds * 1_000))) throw new AppError('DAEMON_STOPPING', { limit: `${String(seconds)} s` });
  if (context.json) context.terminal.printJson({ pid: daemon.pid, stopped: true });
  else context.terminal.print(`the daemon ${String(daemon.pid)} has stopped`);
  return undefined;
};

function askToStop({ pid }: RunningDaemon): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EPERM') throw new AppError('PERMISSION_DENIED', { act: 'stopping this daemon', permission: 'of its user' }, { cause: error });
    // It has ended in between.
    if (code !== 'ESRCH') throw error;
  }
}

async function isGone(daemon: RunningDaemon, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (isDaemonRunning(daemon)) {
    if (performance.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
  }
  return true;
}
