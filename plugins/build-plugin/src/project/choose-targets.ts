import { FatalError } from '@kb-labs/sdk';

import type { Project } from './find-project.js';
import { dependenciesOf, type Ordered, orderPackages } from './order-packages.js';
import { below, type Package } from './read-package.js';

export interface Wanted {
  readonly script: string;
  /** Names or folders, with `*`. */
  readonly packages?: readonly string[] | undefined;
  /** Also what those depend on. */
  readonly dependencies: boolean;
}

/**
 * What is built: the packages asked for; else the one in the folder, whose script often builds the whole workspace; else,
 * at the root of a workspace whose root has no such script, every package that has it.
 */
export function chooseTargets(project: Project, members: readonly Package[], wanted: Wanted): Ordered[] {
  const { script, packages } = wanted;
  if (packages !== undefined) return orderPackages(named(project, members, { ...wanted, packages }), members);
  const own = project.package;
  if (own.scripts.has(script)) return orderPackages([own], [own]);
  const building = own.folder === project.root.folder ? members.filter(({ scripts }) => scripts.has(script)) : [];
  if (building.length === 0) throw noScript(script, own, members);
  return orderPackages(building, members);
}

function named({ root }: Project, members: readonly Package[], { script, packages, dependencies }: Wanted & { packages: readonly string[] }): Package[] {
  const all = [root, ...members];
  const asked = new Set<Package>();
  for (const pattern of packages) {
    const fits = matcher(pattern);
    const fitting = all.filter(({ name, folder }) => fits(name) || fits(folder) || fits(folderBelow(root.folder, folder)));
    if (fitting.length === 0) {
      throw new FatalError(`the workspace has no package ${JSON.stringify(pattern)}`, {
        code: 'UNKNOWN_PACKAGE',
        hint: `it has ${members.slice(0, 20).map(({ name }) => name).join(', ') || 'only its root'}${members.length > 20 ? ', …' : ''}`,
      });
    }
    const building = fitting.filter(({ scripts }) => scripts.has(script));
    const [first] = fitting;
    if (building.length === 0 && first !== undefined) throw noScript(script, first, []);
    for (const one of building) asked.add(one);
  }
  if (dependencies) for (const one of dependenciesOf([...asked], members)) if (one.scripts.has(script)) asked.add(one);
  return [...asked];
}

/** `*` stands for any characters, as in the filters of package managers. Without it the whole has to be equal. */
function matcher(pattern: string): (text: string) => boolean {
  const parts = pattern.replace(/^\.\//, '').split('*');
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    const end = text.length - last.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found === -1 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}

function folderBelow(root: string, folder: string): string {
  return root !== '.' && folder.startsWith(`${root}/`) ? folder.slice(root.length + 1) : folder;
}

function noScript(script: string, { folder, scripts }: Package, members: readonly Package[]): FatalError {
  const others = [...scripts].slice(0, 20).join(', ');
  return new FatalError(`${below(folder, 'package.json')} has no script "${script}"${members.length === 0 ? '' : ', and no package of the workspace has one'}`, {
    code: 'NO_SCRIPT',
    hint: others === '' ? 'name the script that builds with "script"' : `name another one with "script"; there are ${others}`,
    details: { script, folder },
  });
}
