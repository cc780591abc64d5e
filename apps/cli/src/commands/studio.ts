import type { JsonAnswerOf } from '@kb-labs/contracts/http';
import { findDaemon, readLoopbackKey } from '@kb-labs/daemon';
import { AppError, hasCode } from '@kb-labs/errors';

import type { ArgsOf } from '../command-spec.js';
import type { CommandContext, CommandHandler } from '../command-context.js';
import type { SpecOf } from '../command-table.js';
import type { RouteDesk } from '../desk/route-desk.js';
import { mayOpenBrowser, openBrowser } from '../terminal/open-browser.js';
import { sanitizeText } from '../terminal/sanitize.js';
import { serveProject } from './serve-project.js';

type Args = ArgsOf<SpecOf<'studio'>>;

export const execute: CommandHandler<'studio'> = async (context, args) => {
  if (context.gateway !== undefined) {
    refuseIdle(args, 'KB_URL names a gateway');
    await show(context, args, { url: context.gateway, routes: await context.routes() });
    return undefined;
  }
  const { stateDir, redis, origins } = await context.config();
  const daemon = findDaemon(stateDir);
  if (daemon !== undefined) {
    refuseIdle(args, 'a daemon runs for the project');
    if (daemon.elsewhere) throw new AppError('DAEMON_NOT_RUNNING', { problem: `the one in its state folder was started on ${daemon.process.host}` }, { hint: ELSEWHERE });
    if (daemon.url === null) throw new AppError('DAEMON_NOT_RUNNING', { problem: 'the one that runs has no gateway' }, { hint: 'stop it, and start it with the role gateway' });
    await showAt(context, args, { url: daemon.url, stateDir });
    return undefined;
  }
  if (redis !== undefined && (await isServed(context))) throw new AppError('DAEMON_NOT_RUNNING', { problem: 'none on this machine, and one on another serves it' }, { hint: ELSEWHERE });
  return startHere(context, args, { stateDir, quiet: origins['log-level'] === 'default' });
};

const ELSEWHERE = 'use "kb studio" there, or set KB_URL and KB_API_KEY to its gateway and a key';

/** An option that would do nothing is a mistake of whoever wrote it. */
function refuseIdle(args: Args, why: string): void {
  for (const name of ['host', 'port'] as const) {
    if (args[name] !== undefined) throw new AppError('USAGE', { problem: `--${name} is for a daemon that is started by this, and ${why}` });
  }
}

async function isServed(context: CommandContext): Promise<boolean> {
  const { carriage } = await context.desk();
  return carriage !== undefined && (await carriage.hasDaemon());
}

/** In this terminal, until Ctrl-C. Somebody reads along: without a setting its log has warnings alone. */
function startHere(context: CommandContext, args: Args, { stateDir, quiet }: { stateDir: string; quiet: boolean }): ReturnType<typeof serveProject> {
  return serveProject(context, args, {
    logTo: 'stderr',
    ...(quiet ? { logLevel: 'warn' } : {}),
    onStarted: async ({ url }) => {
      if (url === null) throw new AppError('INTERNAL', { problem: 'a daemon with all roles has no gateway' });
      context.terminal.note(`a daemon runs for the project until Ctrl-C, at ${url}`);
      await showAt(context, args, { url, stateDir });
    },
  });
}

/** At a daemon of this machine, whose key is a file of its user. */
async function showAt(context: CommandContext, args: Args, { url, stateDir }: { url: string; stateDir: string }): Promise<void> {
  const at = reachable(url);
  const { openGateway } = await import('../remote.js');
  const { routes } = openGateway({ url: at, key: readLoopbackKey(stateDir) }, context.terminal.host.cwd);
  try {
    await show(context, args, { url: at, routes });
  } catch (thrown) {
    if (!hasCode(thrown, 'UNAUTHENTICATED')) throw thrown;
    const problem = `the daemon at ${at} does not take the key of this machine for you`;
    throw new AppError('UNAUTHENTICATED', { problem }, { cause: thrown, hint: `use its user's account, and have it listen on 127.0.0.1; or set KB_URL and KB_API_KEY` });
  }
}

/** What listens on every address is asked at that of this machine: only there its key counts. */
function reachable(url: string): string {
  return url.replace(/^http:\/\/(0\.0\.0\.0|\[::\])(?=[:/]|$)/, (_all, host: string) => `http://${host === '[::]' ? '[::1]' : '127.0.0.1'}`);
}

async function show(context: CommandContext, args: Args, { url, routes }: { url: string; routes: RouteDesk }): Promise<void> {
  const { terminal, json } = context;
  const link: JsonAnswerOf<'createLink'> = await routes.call('createLink', { body: {} });
  if (json) {
    terminal.printJson(link);
    return;
  }
  const address = `${url.replace(/\/+$/, '')}${link.path}`;
  terminal.print(`Studio: ${sanitizeText(address)}`);
  terminal.note('this address works once, within a minute');
  if (args['no-open'] || !mayOpenBrowser(terminal.host)) return;
  if (!(await openBrowser(address, terminal.host.env))) terminal.note('no browser could be started here: open the address in one');
}
