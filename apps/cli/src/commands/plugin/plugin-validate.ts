import { existsSync, realpathSync } from 'node:fs';
import { relative, resolve } from 'node:path';

import { PACKAGE_NAME } from '@kb-labs/contracts';
import { AppError, EXIT_CODES } from '@kb-labs/errors';
import { findPackage, readPluginFolder, readPluginsLock } from '@kb-labs/plugin-host/lifecycle';

import type { CommandContext, CommandHandler } from '../../command-context.js';
import { checkPackage } from '../../plugin/check-package.js';
import { plural } from '../../render/diagnostics.js';
import { sanitizeText } from '../../terminal/sanitize.js';

export const execute: CommandHandler<'plugin:validate'> = async (context, args) => {
  const { terminal } = context;
  const { root, runs } = await findFolder(context, args.rest[0] ?? '.');
  const { plugin, problems } = await checkPackage(root, { runs, env: terminal.host.env });
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (context.json) {
    terminal.printJson({ valid: errors === 0, folder: root, ...(plugin === undefined ? {} : { plugin }), problems });
  } else {
    const { style } = terminal;
    terminal.print(
      problems.flatMap(({ severity, place, problem, hint }) => [
        `${style.bold(sanitizeText(place))} ${severity === 'error' ? style.red(severity) : style.yellow(severity)} ${sanitizeText(problem)}`,
        `  ${style.cyan('hint:')} ${sanitizeText(hint)}`,
      ]),
    );
    const found = [...(errors > 0 ? [plural(errors, 'error')] : []), ...(problems.length > errors ? [plural(problems.length - errors, 'warning')] : [])].join(' and ');
    const name = plugin === undefined ? relative(terminal.host.cwd, root) || '.' : `${plugin.id} ${sanitizeText(plugin.version)}`;
    terminal.print(errors === 0 ? `${style.green('✓')} ${name}: ${plural(plugin?.commands.length ?? 0, 'command')}${found === '' ? '' : `, ${found}`}` : `${style.red('✗')} ${name}: ${found}`);
  }
  return errors === 0 ? undefined : EXIT_CODES.failed;
};

/** A folder is what its author works on, and may run; so may what the project trusts. */
async function findFolder(context: CommandContext, named: string): Promise<{ root: string; runs: boolean }> {
  const folder = resolve(context.terminal.host.cwd, named);
  if (existsSync(folder)) return { root: realpathSync(folder), runs: true };
  if (!PACKAGE_NAME.test(named)) throw new AppError('USAGE', { problem: `there is no folder ${named}` });
  const { projectRoot, pluginFolders } = await context.config();
  for (const own of pluginFolders) if ((await readPluginFolder(own, 'project')).name === named) return { root: realpathSync(own), runs: true };
  const locked = (await readPluginsLock(projectRoot)).get(named);
  const added = locked === undefined || locked.source === 'package' ? (await findPackage(projectRoot, named, 'added'))?.root : resolve(projectRoot, locked.source);
  if (added === undefined || !existsSync(added)) throw new AppError('USAGE', { problem: `there is neither a folder nor a plugin ${named} here` }, { hint: '"kb plugin:list" shows the plugins' });
  return { root: realpathSync(added), runs: locked?.trusted === true };
}
