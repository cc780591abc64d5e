import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';

import { PACKAGE_NAME } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { CommandHandler } from '../../command-context.js';
import { fileProblem } from '../../input/file-problem.js';
import { type ScaffoldVersions, scaffoldFiles } from '../../plugin/scaffold.js';
import { quoteWord } from '../../render/quote-word.js';

/** Set when the program is bundled. */
declare const KB_SCAFFOLD: ScaffoldVersions;

export const execute: CommandHandler<'plugin:new'> = async (context, args) => {
  const { terminal } = context;
  const name = args.rest[0];
  if (!PACKAGE_NAME.test(name)) {
    throw new AppError('USAGE', { problem: `"${name}" cannot be the name of a package` }, { hint: 'a name has small letters, digits, ".", "_" and "-", such as text-plugin or @acme/text-plugin' });
  }
  const folder = resolve(terminal.host.cwd, args.dir ?? name.slice(name.indexOf('/') + 1));
  const shown = relative(terminal.host.cwd, folder) || '.';
  if (existsSync(folder) && (await readdir(folder).catch(() => ['not a folder'])).length > 0) {
    throw new AppError('USAGE', { problem: `${shown} is there already` }, { hint: 'name another folder with --dir' });
  }
  const files = scaffoldFiles(name, KB_SCAFFOLD);
  try {
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text, { flag: 'wx' });
    }
  } catch (error) {
    throw new AppError('USAGE', { problem: `${shown} cannot be written: ${fileProblem(error)}` }, { hint: 'name another folder with --dir' });
  }
  if (context.json) terminal.printJson({ name, folder, files: Object.keys(files) });
  else {
    const place = shown.startsWith('.') ? shown : `./${shown}`;
    terminal.print([
      ...Object.keys(files).map((path) => join(shown, path)),
      '',
      `  cd ${quoteWord(shown)} && npm install && npm run build && npm test`,
      `  kb plugin:add ${quoteWord(place)}     or name the folder under "plugins:" in .kb/kb.config.yaml, where it is part of the project`,
    ]);
  }
  return undefined;
};
