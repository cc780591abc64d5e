import type { FileChange } from './parse-changes.js';

export interface ChangeStats {
  files: number;
  additions: number;
  deletions: number;
  lines: number;
}

export function countChanges(files: readonly FileChange[]): ChangeStats {
  const stats: ChangeStats = { files: files.length, additions: 0, deletions: 0, lines: 0 };
  for (const { additions, deletions } of files) {
    stats.additions += additions;
    stats.deletions += deletions;
    stats.lines += additions + deletions;
  }
  return stats;
}
