import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { AppError } from '@kb-labs/errors';

import type { Host } from '../terminal/terminal.js';
import { fileProblem } from './file-problem.js';

/** The file that an option names, or with `-` standard input. Throws `USAGE`. */
export async function readTextFile(option: string, file: string, host: Host): Promise<string> {
  try {
    if (file !== '-') return await readFile(resolve(host.cwd, file), 'utf8');
    const { text } = await import('node:stream/consumers');
    return await text(host.stdin);
  } catch (error) {
    throw new AppError('USAGE', { problem: `${option} "${file}" cannot be read: ${fileProblem(error)}` });
  }
}
