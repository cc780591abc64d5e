/** One changed file, as `git diff --raw --numstat -z` tells it. Binary files count no lines. */
export interface FileChange {
  path: string;
  /** Where a renamed file was before. */
  oldPath?: string;
  status: ChangeStatus;
  additions: number;
  deletions: number;
  binary: boolean;
}

export type ChangeStatus = 'added' | 'modified' | 'deleted' | 'renamed' | 'copied' | 'type-changed' | 'conflicted';

export interface Changes {
  readonly files: FileChange[];
  /** The patch that follows the two lists when `--patch` was asked for, else empty. */
  readonly patch: string;
}

const STATUS: Readonly<Record<string, ChangeStatus>> = {
  A: 'added',
  C: 'copied',
  D: 'deleted',
  M: 'modified',
  R: 'renamed',
  T: 'type-changed',
  U: 'conflicted',
};

/**
 * Reads the output of `git diff --raw --numstat [--patch] -z`: the raw entries, the line counts, then,
 * after an empty field, the patch. Every name ends in a NUL, so no name can be mistaken for a field.
 */
export function parseChanges(output: string): Changes {
  const fields = new Fields(output);
  const files = new Map<string, FileChange>();
  while (fields.startsWith(':')) readRaw(fields, files);
  while (!fields.atEnd() && !fields.startsWith('\0')) readCounts(fields, files);
  fields.next();
  return { files: [...files.values()], patch: fields.rest() };
}

function readRaw(fields: Fields, files: Map<string, FileChange>): void {
  const letter = fields.next().split(' ')[4]?.[0] ?? '';
  const first = fields.next();
  const second = letter === 'R' || letter === 'C' ? fields.next() : undefined;
  const path = second ?? first;
  // A file in conflict is listed again as modified: the conflict is what matters.
  if (files.get(path)?.status === 'conflicted') return;
  files.set(path, {
    path,
    ...(second === undefined ? {} : { oldPath: first }),
    status: STATUS[letter] ?? 'modified',
    additions: 0,
    deletions: 0,
    binary: false,
  });
}

function readCounts(fields: Fields, files: Map<string, FileChange>): void {
  const field = fields.next();
  const afterAdditions = field.indexOf('\t');
  const afterDeletions = field.indexOf('\t', afterAdditions + 1);
  let path = field.slice(afterDeletions + 1);
  if (path === '') {
    fields.next();
    path = fields.next();
  }
  const file = files.get(path);
  if (file === undefined) return;
  const additions = field.slice(0, afterAdditions);
  file.binary = additions === '-';
  if (file.binary) return;
  file.additions = Number(additions);
  file.deletions = Number(field.slice(afterAdditions + 1, afterDeletions));
}

/** Walks over NUL-terminated fields. */
class Fields {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  startsWith(prefix: string): boolean {
    return this.#text.startsWith(prefix, this.#at);
  }

  next(): string {
    const end = this.#text.indexOf('\0', this.#at);
    const field = this.#text.slice(this.#at, end === -1 ? undefined : end);
    this.#at = end === -1 ? this.#text.length : end + 1;
    return field;
  }

  rest(): string {
    return this.#text.slice(this.#at);
  }
}
