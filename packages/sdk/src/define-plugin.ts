import type { Permissions, PluginContext } from '@kb-labs/contracts';
import type { z } from 'zod';

/** A plugin as its author writes it. `id` and `version` are the package's own. */
export interface PluginDefinition {
  readonly id: string;
  readonly version: string;
  readonly describe?: string;
  readonly commands: readonly CommandDefinition[];
}

/**
 * A command: one declaration is a workflow step, a command of the terminal and an entry of the plugin list.
 *
 * - `id`: `group:command` in lower case.
 * - `input`, `output`: zod objects that JSON Schema can express. Objects are closed: an unknown key is an error.
 * - `permissions`: all the command may touch; what is not named is denied.
 * - `handler`: `./path.js#export`, relative to the built manifest. It is imported when a step first needs it.
 */
export interface CommandDefinition<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  readonly id: string;
  readonly describe: string;
  readonly input: Input;
  readonly output: Output;
  readonly permissions: Permissions;
  readonly handler: string;
  readonly examples?: readonly string[];
}

/** The function behind a command: `const diff: CommandHandler<typeof diffCommand> = async (input, ctx) => …`. */
export type CommandHandler<Command extends CommandDefinition> = (
  input: z.output<Command['input']>,
  ctx: PluginContext,
) => Promise<z.input<Command['output']>>;

/** The default export of a plugin's `src/plugin.ts`. */
export function definePlugin<const Plugin extends PluginDefinition>(plugin: Plugin): Plugin {
  return plugin;
}

/** Keeps the types of `input` and `output` for `CommandHandler`. */
export function defineCommand<Input extends z.ZodObject, Output extends z.ZodObject>(
  command: CommandDefinition<Input, Output>,
): CommandDefinition<Input, Output> {
  return command;
}
