import { DAEMON_ROLES, type DaemonRole, type EngineLogLevel, LOG_LEVELS, MAX_CONCURRENCY } from '@kb-labs/daemon';
import { AppError, suggestName } from '@kb-labs/errors';

import type { ArgsOf } from '../command-spec.js';
import type { CommandHandler } from '../command-context.js';
import type { SpecOf } from '../command-table.js';
import { checkRange } from '../input/check-range.js';
import { serveProject } from './serve-project.js';

type Args = ArgsOf<SpecOf<'daemon:start'>>;

export const execute: CommandHandler<'daemon:start'> = async (context, args) => {
  const roles = args.roles === undefined ? DAEMON_ROLES : parseRoles(args.roles);
  refuseIdle(args, roles);
  const concurrency = checkRange('concurrency', args.concurrency, { from: 1, to: MAX_CONCURRENCY });
  const drain = checkRange('drain-timeout', args['drain-timeout'], { from: 0, to: 86_400 });
  return serveProject(context, args, {
    roles,
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

/** The table lets no other text through. */
function toLevel(text: string): EngineLogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw new AppError('INTERNAL', { problem: `"${text}" is no level of the log` });
  return level;
}
