import type { InstalledPlugin } from '@kb-labs/ports';

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
      `${style.bold(plugin.id)} ${sanitizeText(plugin.version)}  ${style.dim(origin(plugin))}${plugin.describe === undefined ? '' : `  ${sanitizeText(plugin.describe)}`}`,
      ...(plugin.problem === undefined ? [] : [`  ${style.red('cannot be used:')} ${sanitizeText(plugin.problem)}`]),
      ...plugin.commands.map((command) => `  ${command.id}  ${style.dim(sanitizeText(command.describe))}`),
    ]),
  );
  return undefined;
};

function origin({ origin: from, trusted }: InstalledPlugin): string {
  return from === 'added' && trusted ? 'added, trusted' : from;
}
