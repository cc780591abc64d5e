import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface GitHead {
  readonly branch: string | null;
  readonly sha: string | null;
}

const NOTHING: GitHead = { branch: null, sha: null };
const SHA = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

/**
 * What HEAD of the repository around a folder is, read from its files (gitrepository-layout(5)): starting git would take
 * longer than the rest of a short run. Outside of a repository, and where a file is not as expected, `null`.
 */
export function readGitHead(folder: string): GitHead {
  const gitDir = findGitDir(folder);
  if (gitDir === undefined) return NOTHING;
  const head = read(join(gitDir, 'HEAD'));
  if (head === undefined) return NOTHING;
  if (SHA.test(head)) return { branch: null, sha: head };
  const ref = /^ref: (refs\/\S+)$/.exec(head)?.[1];
  if (ref === undefined) return NOTHING;
  return { branch: ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : null, sha: shaOf(gitDir, ref) };
}

/** `.git` is the folder, or in a worktree and a submodule a file that names it. */
function findGitDir(start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    const path = join(folder, '.git');
    if (read(join(path, 'HEAD')) !== undefined) return path;
    const linked = /^gitdir: (.+)$/.exec(read(path) ?? '')?.[1];
    if (linked !== undefined) return resolve(folder, linked);
    if (folder === dirname(folder)) return undefined;
  }
}

/** A worktree keeps its own HEAD; branches are in the common folder, loose or packed. */
function shaOf(gitDir: string, ref: string): string | null {
  const common = read(join(gitDir, 'commondir'));
  const shared = common === undefined ? gitDir : resolve(gitDir, common);
  const loose = read(join(gitDir, ref)) ?? read(join(shared, ref));
  if (loose !== undefined) return SHA.test(loose) ? loose : null;
  const packed = read(join(shared, 'packed-refs'))?.split('\n').find((line) => line.endsWith(` ${ref}`));
  const sha = packed?.split(' ')[0];
  return sha !== undefined && SHA.test(sha) ? sha : null;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
