import { DEFAULT_TENANT } from '@kb-labs/contracts';
import { audited } from '@kb-labs/engine';
import { AppError } from '@kb-labs/errors';
import { changePluginsLock, findPackage, readPluginsLock } from '@kb-labs/plugin-host/lifecycle';

import type { CommandHandler } from '../../command-context.js';
import { findPackageManager, runPackageManager } from '../../plugin/package-manager.js';
import { userName } from '../../project/user-name.js';

export const execute: CommandHandler<'plugin:remove'> = async (context, args) => {
  const { terminal } = context;
  const name = args.rest[0];
  const { projectRoot } = await context.config();
  const locked = (await readPluginsLock(projectRoot)).get(name);
  if (locked === undefined) throw new AppError('PLUGIN_NOT_ADDED', { plugin: name });
  const { deps } = await context.engine();
  await audited(deps, { actor: userName(), tenant: DEFAULT_TENANT, action: 'plugin.remove', target: name }, () =>
    changePluginsLock(projectRoot, (plugins) => new Map([...plugins].filter(([other]) => other !== name))),
  );
  const installed = locked.source === 'package' && (await findPackage(projectRoot, name, 'added')) !== undefined;
  if (installed && args.uninstall) {
    const manager = findPackageManager(projectRoot);
    await runPackageManager(manager, manager.uninstall(name), { terminal, name });
  }
  const left = installed && !args.uninstall;
  if (context.json) {
    terminal.printJson({ name, uninstalled: installed && args.uninstall });
    return undefined;
  }
  terminal.print(`${terminal.style.green('✓ removed')}  ${name} ${locked.version}`);
  if (left) {
    const manager = findPackageManager(projectRoot);
    terminal.note(`the package stays installed, and does not run: "${manager.program} ${manager.uninstall(name).join(' ')}" uninstalls it`);
  }
  return undefined;
};
