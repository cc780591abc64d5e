import { AppError, EXIT_CODES, type ExitCode, suggestName } from '@kb-labs/errors';

import type { CommandHandler } from './command-context.js';
import type { ArgsOf, CommandSpec } from './command-spec.js';
import type { CommandId, SpecOf } from './command-table.js';
import { COMMAND_IDS, loadCommand, loadSpec } from './load-command.js';
import { type OpenContext, openContext } from './open-context.js';
import { parseArgs } from './parse-args.js';
import { groupsOf, type Route, route } from './route.js';
import { GLOBAL_OPTIONS } from './table/options.js';
import { createTerminal, type Host } from './terminal/terminal.js';

/** Runs one command line to its exit code. Never throws: what goes wrong is told, and decides the code. */
export async function runCli(argv: readonly string[], host: Host): Promise<ExitCode> {
  const terminal = createTerminal(host);
  const routed = route(argv, COMMAND_IDS);
  const context = openContext(terminal, contextOptions(routed, host));
  let code: ExitCode;
  try {
    code = (await dispatch(routed, context)) ?? EXIT_CODES.ok;
  } catch (thrown) {
    code = await report(thrown, context);
  }
  try {
    await context.close();
  } catch (thrown) {
    return report(thrown, context);
  }
  return code;
}

/** Read before anything is checked, so that even a wrong command line is answered in the form that was asked for. */
function contextOptions(routed: Route, host: Host): Parameters<typeof openContext>[1] {
  const { tokens } = routed;
  const options = tokens.slice(0, tokens.includes('--') ? tokens.indexOf('--') : tokens.length);
  const at = options.lastIndexOf('--project');
  const inline = options.findLast((token) => token.startsWith('--project='))?.slice('--project='.length);
  return {
    json: options.includes('--json'),
    project: at === -1 ? inline : options[at + 1],
    ...(needsProject(routed) ? {} : { fallback: host.cwd }),
  };
}

const ANYWHERE: ReadonlySet<CommandId> = new Set(['help', 'plugin:list', 'plugin:new', 'plugin:validate']);

/** What is about plugins alone works anywhere. */
function needsProject(routed: Route): boolean {
  if (routed.kind === 'command') return !ANYWHERE.has(routed.id);
  return routed.kind === 'unknown';
}

async function dispatch(routed: Route, context: OpenContext): Promise<ExitCode | undefined> {
  switch (routed.kind) {
    case 'command':
      return execute(routed.id, routed.tokens, context);
    case 'plugin': {
      const { executePluginCommand } = await import('./commands/plugin-command.js');
      return executePluginCommand(context, { id: routed.id, tokens: routed.tokens });
    }
    case 'overview': {
      parseArgs(routed.tokens, GLOBAL_OPTIONS);
      const { printOverview } = await import('./control.js');
      return printOverview(context, routed.group);
    }
    case 'unknown': {
      const { visibleCommands } = await import('./command-table.js');
      const hint = suggestName(routed.name, routed.name.includes(':') ? visibleCommands() : [...groupsOf(COMMAND_IDS), ...visibleCommands()]);
      throw new AppError('USAGE', { problem: `unknown command "${routed.name}"` }, { hint: hint ?? '"kb help" lists the commands' });
    }
  }
}

async function execute<Id extends CommandId>(id: Id, tokens: readonly string[], context: OpenContext): Promise<ExitCode | undefined> {
  const spec = await loadSpec(id);
  if (asksForHelp(tokens)) {
    const { printCommandHelp } = await import('./control.js');
    return printCommandHelp(context, id, spec);
  }
  refuseGateway(id, spec, context);
  const { options, rest } = parseArgs(tokens, { ...spec.options, ...GLOBAL_OPTIONS }, spec.positional);
  const handler: CommandHandler<Id> = await loadCommand(id);
  return handler(context, { ...options, rest } as ArgsOf<SpecOf<Id>>);
}

/** Where a gateway is meant, the state of a project that happens to be here is none of it. */
function refuseGateway(id: CommandId, spec: CommandSpec, { gateway }: OpenContext): void {
  if (gateway === undefined || spec.gateway !== undefined) return;
  throw new AppError('USAGE', { problem: `"${id}" works on a project, and KB_URL names a gateway` }, { hint: 'unset KB_URL, or name the project with --project; or use the command where the gateway runs' });
}

/** Also when required options are missing. */
function asksForHelp(tokens: readonly string[]): boolean {
  const end = tokens.indexOf('--');
  return tokens.slice(0, end === -1 ? tokens.length : end).some((token) => token === '--help' || token === '-h');
}

async function report(thrown: unknown, context: OpenContext): Promise<ExitCode> {
  const { reportError } = await import('./report-error.js');
  return reportError(thrown, context);
}

