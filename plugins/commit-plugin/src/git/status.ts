import type { CommandHandler } from '@kb-labs/sdk';

import { fitList } from '../fit-outputs.js';
import { openForReading } from '../open-git.js';
import { parseStatus } from '../parse-status.js';
import type { statusCommand } from '../plugin.js';

/** Of each of the four lists, as JSON: together they stay under the 1 MiB of a step's outputs. */
const LIST_BYTES = 240 * 1024;
const STATUS_BYTES = 64 * 1024 * 1024;

const UNTRACKED = { all: 'all', folders: 'normal', none: 'no' } as const;

const status: CommandHandler<typeof statusCommand> = async (input, ctx) => {
  const git = await openForReading(ctx);
  const { stdout } = await git(
    [
      'status',
      '--porcelain=v2',
      '--branch',
      '-z',
      '--find-renames',
      '--ahead-behind',
      // Looking into a submodule's work tree would obey that repository's configuration.
      '--ignore-submodules=dirty',
      `--untracked-files=${UNTRACKED[input.untracked]}`,
      '--',
      ...(input.paths ?? []),
    ],
    { maxOutputBytes: STATUS_BYTES },
  );
  const { staged, unstaged, untracked, conflicted, ...place } = parseStatus(stdout);
  const lists = {
    staged: fitList(staged, LIST_BYTES),
    unstaged: fitList(unstaged, LIST_BYTES),
    untracked: fitList(untracked, LIST_BYTES),
    conflicted: fitList(conflicted, LIST_BYTES),
  };
  const left = Object.values(lists).reduce((sum, list) => sum + list.left, 0);
  if (left > 0) ctx.log.warn(`the lists are too large for an output: ${String(left)} entries are left out`);
  return {
    ...place,
    clean: staged.length + unstaged.length + untracked.length + conflicted.length === 0,
    staged: lists.staged.value,
    unstaged: lists.unstaged.value,
    untracked: lists.untracked.value,
    conflicted: lists.conflicted.value,
    truncated: left > 0,
  };
};

export default status;
