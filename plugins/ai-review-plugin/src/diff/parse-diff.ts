import { readPath, unquotePath } from './read-path.js';

/** One line of the new side of a hunk. `number` counts from 1 in the new file. */
export interface DiffLine {
  readonly number: number;
  readonly text: string;
  readonly added: boolean;
}

export interface DiffHunk {
  readonly lines: readonly DiffLine[];
}

export interface DiffFile {
  /** The name after the change; of a deleted file, the name before. */
  readonly path: string;
  readonly oldPath?: string;
  readonly created: boolean;
  readonly deleted: boolean;
  readonly binary: boolean;
  readonly additions: number;
  readonly deletions: number;
  readonly hunks: readonly DiffHunk[];
}

export interface ParsedDiff {
  readonly files: readonly DiffFile[];
  /** What did not read as a unified diff, with the line of the diff it was met at. */
  readonly problems: readonly DiffProblem[];
}

export interface DiffProblem {
  readonly line: number;
  readonly message: string;
}

interface OpenFile {
  path: string | undefined;
  oldPath: string | undefined;
  created: boolean;
  deleted: boolean;
  binary: boolean;
  additions: number;
  deletions: number;
  hunks: { lines: DiffLine[] }[];
}

/** What a hunk's header still promises. A merge has one old side for each parent. */
interface OpenHunk {
  readonly lines: DiffLine[];
  readonly remainingOld: number[];
  remainingNew: number;
  nextNumber: number;
}

/**
 * Reads a unified diff as `git diff`, `git show` and `diff -u` write it, merges (`diff --cc`) included,
 * in one pass. The counts of a hunk's header decide where it ends, so a removed line `-- x` is not taken for
 * a file header. Removed lines are counted and dropped: only the new side has line numbers to report.
 */
export function parseDiff(text: string): ParsedDiff {
  const files: DiffFile[] = [];
  const problems: DiffProblem[] = [];
  let file: OpenFile | undefined;
  let hunk: OpenHunk | undefined;
  let lineNumber = 0;

  const closeHunk = (): void => {
    if (hunk !== undefined && !isComplete(hunk)) {
      problems.push({ line: lineNumber, message: 'a hunk is shorter than its header says' });
    }
    hunk = undefined;
  };
  const closeFile = (): void => {
    closeHunk();
    const path = file?.path ?? file?.oldPath;
    if (file !== undefined && path !== undefined) files.push(finishFile(file, path));
    file = undefined;
  };
  const openFile = (): OpenFile => {
    closeFile();
    return (file = {
      path: undefined,
      oldPath: undefined,
      created: false,
      deleted: false,
      binary: false,
      additions: 0,
      deletions: 0,
      hunks: [],
    });
  };

  for (const line of linesOf(text)) {
    lineNumber += 1;
    if (hunk !== undefined && file !== undefined) {
      if (line.startsWith('\\')) continue;
      if (!isComplete(hunk) && readHunkLine(line, hunk, file)) continue;
      closeHunk();
    }
    if (line.startsWith('diff --')) {
      readGitHeader(line, openFile());
    } else if (line.startsWith('@@')) {
      hunk = openHunk(line);
      if (file === undefined || hunk === undefined) {
        problems.push({ line: lineNumber, message: 'a hunk header cannot be read' });
        hunk = undefined;
      } else {
        file.hunks.push({ lines: hunk.lines });
      }
    } else if (line.startsWith('--- ')) {
      const open = file === undefined || file.hunks.length > 0 ? openFile() : file;
      open.oldPath = readPath(line.slice(4));
      open.created ||= open.oldPath === undefined;
    } else if (file !== undefined) {
      readFileHeader(line, file);
    }
  }
  closeFile();
  return { files, problems };
}

function isComplete(hunk: OpenHunk): boolean {
  return hunk.remainingNew <= 0 && hunk.remainingOld.every((count) => count <= 0);
}

/** Takes one line into an open hunk; `false` when it cannot belong there. */
function readHunkLine(line: string, hunk: OpenHunk, file: OpenFile): boolean {
  const parents = hunk.remainingOld.length;
  // Some mailers and editors strip the space of an empty context line.
  const columns = line === '' ? ' '.repeat(parents) : line.slice(0, parents);
  if (!/^[ +-]+$/.test(columns) || columns.length < parents) return false;
  const removed = columns.includes('-');
  for (const [parent, column] of [...columns].entries()) {
    if (column === '-' || (column === ' ' && !removed)) hunk.remainingOld[parent] = (hunk.remainingOld[parent] ?? 0) - 1;
  }
  if (removed) {
    file.deletions += 1;
    return true;
  }
  const added = columns.includes('+');
  hunk.lines.push({ number: hunk.nextNumber, text: line.slice(parents).replace(/\r$/, ''), added });
  hunk.nextNumber += 1;
  hunk.remainingNew -= 1;
  if (added) file.additions += 1;
  return true;
}

/** `@@ -1,2 +3,4 @@`, and `@@@ -1,2 -1,2 +3,4 @@@` for a merge. A count that is not written is 1. */
function openHunk(line: string): OpenHunk | undefined {
  const header = /^(@@+) ((?:-\d+(?:,\d+)? )+)\+(\d+)(?:,(\d+))? \1/.exec(line);
  const old = header?.[2]?.trim().split(' ') ?? [];
  if (header === null || old.length !== (header[1]?.length ?? 0) - 1) return undefined;
  return {
    lines: [],
    remainingOld: old.map((range) => Number(range.split(',')[1] ?? 1)),
    remainingNew: Number(header[4] ?? 1),
    nextNumber: Number(header[3]),
  };
}

/** The `diff --git` line names the file when nothing after it does: a mode change, an empty file, a binary one. */
function readGitHeader(line: string, file: OpenFile): void {
  const merge = /^diff --(?:cc|combined) (.*)$/.exec(line)?.[1];
  if (merge !== undefined) {
    file.path = merge.startsWith('"') ? unquotePath(merge) : merge;
    return;
  }
  // No path is this long: a hostile line is not worth matching.
  const names = line.length > 16_384 ? '' : line.slice('diff --git '.length);
  const second = names.startsWith('"') || names.endsWith('"') ? quotedSecondName(names) : repeatedName(names);
  if (second === undefined) return;
  file.path = readPath(second);
  file.oldPath = file.path;
}

function quotedSecondName(names: string): string | undefined {
  return /^(?:"(?:[^"\\]|\\.)*"|\S.*?) ("(?:[^"\\]|\\.)*"|b\/.*)$/.exec(names)?.[1];
}

/** Unquoted, the two names cannot be told apart by spaces; but without a rename they are the same but for the prefix. */
function repeatedName(names: string): string | undefined {
  const half = (names.length - 1) / 2;
  const second = names.slice(half + 1);
  return names[half] === ' ' && names.slice(2, half) === second.slice(2) ? second : undefined;
}

function readFileHeader(line: string, file: OpenFile): void {
  const [, key = '', value = ''] =
    /^(\+\+\+|rename from|rename to|copy from|copy to|new file mode|deleted file mode|Binary files|GIT binary patch) ?(.*)$/.exec(line) ?? [];
  switch (key) {
    case '+++': {
      const path = readPath(value);
      file.path = path;
      file.deleted ||= path === undefined;
      break;
    }
    case 'rename from':
    case 'copy from':
      file.oldPath = value.startsWith('"') ? unquotePath(value) : value;
      break;
    case 'rename to':
    case 'copy to':
      file.path = value.startsWith('"') ? unquotePath(value) : value;
      break;
    case 'new file mode':
      file.created = true;
      break;
    case 'deleted file mode':
      file.deleted = true;
      break;
    case 'Binary files':
    case 'GIT binary patch':
      file.binary = true;
      break;
  }
}

function finishFile(file: OpenFile, path: string): DiffFile {
  return {
    path,
    ...(file.oldPath === undefined || file.oldPath === path ? {} : { oldPath: file.oldPath }),
    created: file.created,
    deleted: file.deleted,
    binary: file.binary,
    additions: file.additions,
    deletions: file.deletions,
    hunks: file.hunks,
  };
}

function* linesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    yield text.slice(start, end === -1 ? undefined : end);
    start = end === -1 ? text.length : end + 1;
  }
}
