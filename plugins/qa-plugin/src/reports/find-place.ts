import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Relative } from './report.js';

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Paths of tools that ran in a folder of the workspace, as paths of the workspace. What lies outside stays as it is. */
export function relativeTo(workspace: string, folder: string): Relative {
  return (written) => {
    const path = written.startsWith('file://') ? fromUrl(written) : written;
    if (path === '') return '.';
    if (!isAbsolute(path)) return join(folder, path.split(sep).join('/'));
    const inside = relative(workspace, path);
    return inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside) ? path : inside.split(sep).join('/');
  };
}

function fromUrl(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return url;
  }
}

function join(folder: string, path: string): string {
  const parts = (folder === '.' ? [] : folder.split('/')).concat(path.split('/'));
  const out: string[] = [];
  for (const part of parts) {
    if (part === '' || part === '.') continue;
    if (part === '..' && out.length > 0 && out.at(-1) !== '..') out.pop();
    else out.push(part);
  }
  return out.join('/');
}

/** `:line:column` at the end of a frame, in parentheses or not. */
const POSITION = /:(\d{1,7}):(\d{1,7})\)?$/;

const ROWS = 400;
const ROW_LENGTH = 2_000;

/** The first frame of a stack that is code of the project; in the named file when the stack goes through it. */
export function findPlace(stack: string, toRelative: Relative, wanted?: string): Place | undefined {
  let first: Place | undefined;
  for (const row of stack.split('\n', ROWS)) {
    const frame = row.slice(0, ROW_LENGTH).trimEnd();
    const position = POSITION.exec(frame);
    if (position === null) continue;
    const path = lastWord(frame.slice(0, position.index));
    if (!/[./]/.test(path) || path.startsWith('node:') || path.includes('node_modules')) continue;
    const file = toRelative(path);
    if (isAbsolute(file) || file.startsWith('..')) continue;
    const place = { file, line: Number(position[1]), column: Number(position[2]) };
    if (wanted === undefined || file === wanted) return place;
    first ??= place;
  }
  return first;
}

/** What follows the last space or parenthesis. By hand: an expression would try every place a path can begin at. */
function lastWord(text: string): string {
  let start = text.length;
  while (start > 0 && !/[\s(]/.test(text[start - 1] ?? '')) start -= 1;
  return text.slice(start);
}
