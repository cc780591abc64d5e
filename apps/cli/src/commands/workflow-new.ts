import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { WORKFLOW_ID } from '@kb-labs/contracts';
import { AppError } from '@kb-labs/errors';

import type { CommandHandler } from '../command-context.js';
import { isTemplate, workflowTemplate } from './workflow-templates.js';

export const execute: CommandHandler<'workflow:new'> = async (context, args) => {
  const { terminal } = context;
  const [id] = args.rest;
  if (!WORKFLOW_ID.test(id)) {
    throw new AppError('USAGE', { problem: `"${id}" cannot be the id of a workflow` }, { hint: 'an id has up to 64 small letters, digits, ".", "_" and "-", and starts with a letter or digit' });
  }
  const { projectRoot } = await context.config();
  const path = join(projectRoot, '.kb', 'workflows', `${id}.yml`);
  await mkdir(dirname(path), { recursive: true });
  await create(path, workflowTemplate(isTemplate(args.template) ? args.template : 'script', id));
  const file = relative(terminal.host.cwd, path);
  if (context.json) terminal.printJson({ id, file: path });
  else terminal.print([file, `  kb workflow:run --workflow-id=${id}`]);
  return undefined;
};

async function create(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new AppError('USAGE', { problem: `${path} is there already` }, { hint: 'choose another id, or edit the file' });
    }
    throw error;
  }
}
