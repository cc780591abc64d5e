import type { CommandHandler } from '../command-context.js';
import { sanitizeText } from '../terminal/sanitize.js';

export const execute: CommandHandler<'plugin:list'> = async (context) => {
  const { terminal } = context;
  const library = await context.library();
  const plugins = await library.plugins();
  if (context.json) {
    terminal.printJson({ items: plugins });
    return undefined;
  }
  const { style } = terminal;
  if (plugins.length === 0) terminal.note('no plugins');
  terminal.print(
    plugins.flatMap((plugin, index) => [
      ...(index === 0 ? [] : ['']),
      `${style.bold(plugin.id)} ${plugin.version}  ${style.dim(plugin.origin)}${plugin.describe === undefined ? '' : `  ${sanitizeText(plugin.describe)}`}`,
      ...plugin.commands.map((command) => `  ${command.id}  ${style.dim(sanitizeText(command.describe))}`),
    ]),
  );
  return undefined;
};
