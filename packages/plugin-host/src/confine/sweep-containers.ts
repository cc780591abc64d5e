import type { HostEnv } from '../process-tree/base-env.js';
import { remove } from './container.js';
import { ask, findContainerProgram } from './container-program.js';
import type { ContainerSettings } from './container-settings.js';
import { isGone, OWNER_LABEL } from './owner.js';

/** Removes the containers of engines that were killed and could not do it themselves. Answers their names. */
export async function sweepContainers(settings: ContainerSettings, hostEnv: HostEnv): Promise<readonly string[]> {
  const found = await findContainerProgram(settings, hostEnv);
  if (!found.ok) return [];
  const { program } = found;
  const ids = (await ask(program, ['ps', '--all', '--quiet', '--filter', `label=${OWNER_LABEL}`])).split('\n').filter((id) => id !== '');
  const swept: string[] = [];
  for (const id of ids) {
    // It can have ended since.
    const said = await ask(program, ['container', 'inspect', '--format', `{{.Name}} {{index .Config.Labels "${OWNER_LABEL}"}}`, id]).catch(() => '');
    const [name = '', owner = ''] = said.replace(/^\//, '').split(' ');
    if (!name.startsWith('kb-') || !isGone(owner)) continue;
    await remove(program, name);
    swept.push(name);
  }
  return swept;
}
