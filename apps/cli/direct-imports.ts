import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

const IMPORT = /^import \{([^}]*)\} from '(@kb-labs\/[a-z-]+)';$/gm;
const EXPORT = /^export \{([^}]*)\} from '(\.\/[^']+)\.js';$/gm;

/**
 * Imports of a package of ours go to the files its front door names. The bundler keeps whatever a front door re-exports
 * with everybody who comes through it: a command that asks for one constant would load every schema.
 */
export const directImports: Plugin = {
  name: 'direct-imports',
  setup(build) {
    const doors = new Map<string, ReadonlyMap<string, string>>();
    const doorOf = (name: string): ReadonlyMap<string, string> => {
      const known = doors.get(name);
      if (known !== undefined) return known;
      const door = readDoor(findDoor(name));
      doors.set(name, door);
      return door;
    };
    build.onLoad({ filter: /\/(packages|apps)\/[^/]+\/src\/.*\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8').replaceAll(IMPORT, (_, names: string, from: string) => {
        const door = doorOf(from);
        return listOf(names)
          .map((name) => `import { ${name} } from ${JSON.stringify(fileOf(door, name, from))};`)
          .join(' ');
      }),
    }));
  },
};

/** Packages stand in folders of their own names. */
function findDoor(name: string): string {
  const workspace = fileURLToPath(new URL('../..', import.meta.url));
  const folders = ['packages', 'apps'].map((kind) => join(workspace, kind, name.slice('@kb-labs/'.length)));
  const folder = folders.find((candidate) => existsSync(candidate));
  if (folder === undefined) throw new Error(`${name} is not in this workspace`);
  return join(folder, 'src/index.ts');
}

/** What a front door exports, with the file that has it. Types are gone before the bundler looks for anything. */
function readDoor(index: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [, names = '', file = ''] of readFileSync(index, 'utf8').matchAll(EXPORT)) {
    for (const name of listOf(names)) files.set(name, join(dirname(index), `${file}.ts`));
  }
  return files;
}

function fileOf(door: ReadonlyMap<string, string>, name: string, from: string): string {
  const file = door.get(name.split(' as ')[0] ?? name);
  if (file === undefined) throw new Error(`${from} does not export ${name}`);
  return file;
}

function listOf(names: string): string[] {
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '));
}
