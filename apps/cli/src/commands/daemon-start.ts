import { DAEMON_ROLES, type DaemonRole, type EngineLogLevel, LOG_LEVELS } from '@kb-labs/daemon';
import { AppError, suggestName } from '@kb-labs/errors';

import type { ArgsOf } from '../command-spec.js';
import type { CommandHandler } from '../command-context.js';
import type { SpecOf } from '../command-table.js';
import { ownVersion } from '../project/own-version.js';

/** Set when the program is bundled. */
declare const KB_BUILD: string;

type Args = ArgsOf<SpecOf<'daemon:start'>>;

export const execute: CommandHandler<'daemon:start'> = async (context, args) => {
  const config = await context.config();
  const roles = args.roles === undefined ? DAEMON_ROLES : parseRoles(args.roles);
  refuseIdle(args, roles);
  const port = within('port', args.port, { from: 0, to: 65_535 });
  const concurrency = within('concurrency', args.concurrency, { from: 1, to: 256 });
  const drain = within('drain-timeout', args['drain-timeout'], { from: 0, to: 86_400 });
  const { runDaemon } = await import('@kb-labs/daemon/run-daemon');
  return runDaemon(config, {
    env: context.terminal.host.env,
    build: KB_BUILD,
    version: await ownVersion(),
    roles,
    ...(args.host === undefined ? {} : { host: args.host }),
    ...(port === undefined ? {} : { port }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(drain === undefined ? {} : { drainMs: drain * 1_000 }),
    ...(args['log-level'] === undefined ? {} : { logLevel: toLevel(args['log-level']) }),
  });
};

function parseRoles(list: string): DaemonRole[] {
  return [...new Set(list.split(',').map((name) => toRole(name.trim())))];
}

function toRole(name: string): DaemonRole {
  const role = DAEMON_ROLES.find((known) => known === name);
  if (role !== undefined) return role;
  throw new AppError('USAGE', { problem: `"${name}" is no role: there are ${DAEMON_ROLES.join(', ')}` }, hintFor(name));
}

function hintFor(name: string): { hint?: string } {
  const hint = suggestName(name, DAEMON_ROLES);
  return hint === undefined ? {} : { hint };
}

const NEEDS = { host: 'gateway', port: 'gateway', concurrency: 'worker', 'drain-timeout': 'worker' } as const;

/** An option that would do nothing is a mistake of whoever wrote it. */
function refuseIdle(args: Args, roles: readonly DaemonRole[]): void {
  for (const option of Object.keys(NEEDS) as (keyof typeof NEEDS)[]) {
    if (args[option] !== undefined && !roles.includes(NEEDS[option])) throw new AppError('USAGE', { problem: `--${option} goes with the role ${NEEDS[option]}` });
  }
}

function within(name: string, value: number | undefined, { from, to }: { from: number; to: number }): number | undefined {
  if (value === undefined || (value >= from && value <= to)) return value;
  throw new AppError('USAGE', { problem: `--${name} goes from ${String(from)} to ${String(to)}, it cannot be ${String(value)}` });
}

/** The table lets no other text through. */
function toLevel(text: string): EngineLogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw new AppError('INTERNAL', { problem: `"${text}" is no level of the log` });
  return level;
}
