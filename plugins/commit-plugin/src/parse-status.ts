import type { ChangeStatus } from './parse-changes.js';

interface StatusEntry {
  path: string;
  oldPath?: string;
  status: ChangeStatus;
}

export interface WorkTreeStatus {
  /** `null` when no branch is checked out. */
  branch: string | null;
  /** The checked-out commit; `null` before the first one. */
  commit: string | null;
  upstream: string | null;
  ahead: number;
  behind: number;
  staged: StatusEntry[];
  unstaged: StatusEntry[];
  untracked: string[];
  conflicted: string[];
}

const STATUS: Readonly<Record<string, ChangeStatus>> = {
  A: 'added',
  C: 'copied',
  D: 'deleted',
  M: 'modified',
  R: 'renamed',
  T: 'type-changed',
};

/** Reads `git status --porcelain=v2 --branch -z`, the format git documents as stable. Headers it does not know are passed over. */
export function parseStatus(output: string): WorkTreeStatus {
  const status: WorkTreeStatus = {
    branch: null,
    commit: null,
    upstream: null,
    ahead: 0,
    behind: 0,
    staged: [],
    unstaged: [],
    untracked: [],
    conflicted: [],
  };
  const records = output.split('\0');
  for (let at = 0; at < records.length; at += 1) {
    const record = records[at] ?? '';
    switch (record[0]) {
      case '#':
        readHeader(record, status);
        break;
      case '1':
        readEntry(status, record.slice(2, 4), afterSpaces(record, 8));
        break;
      case '2':
        at += 1;
        readEntry(status, record.slice(2, 4), afterSpaces(record, 9), records[at]);
        break;
      case 'u':
        status.conflicted.push(afterSpaces(record, 10));
        break;
      case '?':
        status.untracked.push(record.slice(2));
        break;
      default:
        break;
    }
  }
  return status;
}

function readHeader(record: string, status: WorkTreeStatus): void {
  const [, name, ...rest] = record.split(' ');
  const value = rest.join(' ');
  switch (name) {
    case 'branch.oid':
      status.commit = value === '(initial)' ? null : value;
      break;
    case 'branch.head':
      status.branch = value === '(detached)' ? null : value;
      break;
    case 'branch.upstream':
      status.upstream = value;
      break;
    case 'branch.ab':
      status.ahead = Number(rest[0]);
      status.behind = Math.abs(Number(rest[1]));
      break;
    default:
      break;
  }
}

/** `state` is two letters: what differs between commit and index, then between index and work tree; `.` is nothing. */
function readEntry(status: WorkTreeStatus, state: string, path: string, oldPath?: string): void {
  const renamed = oldPath === undefined ? {} : { oldPath };
  for (const [letter, list] of [
    [state[0] ?? '.', status.staged],
    [state[1] ?? '.', status.unstaged],
  ] as const) {
    if (letter === '.') continue;
    list.push({ path, ...(letter === 'R' || letter === 'C' ? renamed : {}), status: STATUS[letter] ?? 'modified' });
  }
}

/** What follows the n-th space: a path may hold spaces itself. */
function afterSpaces(record: string, count: number): string {
  let at = -1;
  for (let seen = 0; seen < count; seen += 1) at = record.indexOf(' ', at + 1);
  return record.slice(at + 1);
}
