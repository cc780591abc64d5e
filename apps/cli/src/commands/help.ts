import { type ExitCode, AppError, suggestName } from '@kb-labs/errors';

import type { CommandContext, CommandHandler } from '../command-context.js';
import type { CommandSpec } from '../command-spec.js';
import { isCommandId, specOf, visibleCommands } from '../command-table.js';
import { specOfSchema } from '../plugin/spec-of-schema.js';
import { renderCommandHelp, renderOverview } from '../render/help.js';

export const execute: CommandHandler<'help'> = async (context, args) => {
  const [name] = args.rest;
  if (name === undefined) return printOverview(context, undefined);
  if (isCommandId(name)) return printCommandHelp(context, name, specOf(name));
  const commands = await pluginCommands(context);
  const command = commands.find(({ id }) => id === name);
  if (command !== undefined) return printCommandHelp(context, name, specOfSchema(command).spec);
  if (visibleCommands().some((id) => id.startsWith(`${name}:`)) || commands.some(({ id }) => id.startsWith(`${name}:`))) return printOverview(context, name);
  const hint = suggestName(name, [...visibleCommands(), ...commands.map(({ id }) => id)]);
  throw new AppError('USAGE', { problem: `unknown command "${name}"` }, { hint: hint ?? '"kb help" lists the commands' });
};

export function printCommandHelp({ terminal, json }: CommandContext, id: string, spec: CommandSpec): undefined {
  if (json) terminal.printJson({ id, ...spec });
  else terminal.print(renderCommandHelp(id, spec, { style: terminal.style, columns: terminal.columns() }));
}

export async function printOverview(context: CommandContext, group: string | undefined): Promise<ExitCode | undefined> {
  const { terminal } = context;
  const plugins = (await pluginCommands(context)).map(({ id, describe }) => [id, describe] as const);
  if (context.json) {
    const own = visibleCommands().map((id) => [id, specOf(id).summary] as const);
    const items = [...own, ...plugins].filter(([id]) => group === undefined || id.startsWith(`${group}:`));
    terminal.printJson({ items: items.map(([id, summary]) => ({ id, summary })) });
  } else {
    terminal.print(renderOverview({ style: terminal.style, columns: terminal.columns(), plugins, ...(group === undefined ? {} : { group }) }));
  }
  return undefined;
}

/** Help is for those who have no project yet, too. */
async function pluginCommands(context: CommandContext) {
  try {
    const { deps } = await context.offline();
    return (await deps.plugins.list()).flatMap(({ commands }) => commands);
  } catch {
    return [];
  }
}
