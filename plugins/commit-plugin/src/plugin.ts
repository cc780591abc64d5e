import { readFileSync } from 'node:fs';

import { defineCommand, definePlugin } from '@kb-labs/sdk';
import { z } from 'zod';

const version = (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

const paths = z
  .array(z.string().min(1).max(4_096))
  .min(1)
  .max(1_000)
  .describe('git pathspecs relative to the workspace; "." is the workspace itself');

const changeStatus = z.enum(['added', 'modified', 'deleted', 'renamed', 'copied', 'type-changed', 'conflicted']);

const fileChange = z.object({
  path: z.string().describe('relative to the root of the repository'),
  oldPath: z.string().optional().describe('where a renamed file was before'),
  status: changeStatus,
  additions: z.int(),
  deletions: z.int(),
  binary: z.boolean(),
});

const changeStats = z.object({
  files: z.int(),
  additions: z.int(),
  deletions: z.int(),
  lines: z.int().describe('additions and deletions together'),
});

export const diffCommand = defineCommand({
  id: 'git:diff',
  describe: 'The change since a revision: as a patch, by file, and counted',
  input: z.object({
    base: z
      .string()
      .min(1)
      .max(1_024)
      .default('HEAD')
      .describe('a branch, tag or commit; the change starts where it and the head parted'),
    head: z.string().min(1).max(1_024).optional().describe('a branch, tag or commit; the work tree when left out'),
    staged: z.boolean().default(false).describe('only what is staged for the next commit; not together with head'),
    paths: paths.optional(),
    contextLines: z.int().min(0).max(1_000).default(3).describe('unchanged lines shown around each change'),
  }),
  output: z.object({
    diff: z.string().describe('the unified diff'),
    base: z.string().describe('the commit the change starts from'),
    head: z.string().nullable().describe('the commit of the head; null before the first commit'),
    target: z.enum(['commit', 'work-tree', 'index']).describe('what the base was compared with'),
    stats: changeStats.describe('of the whole change, also when it is truncated'),
    files: z.array(fileChange),
    truncated: z.boolean().describe('diff or files leave something out because the whole is too large for an output'),
  }),
  permissions: { shell: ['git'] },
  handler: './git/diff.js#default',
  examples: ['git:diff', 'git:diff --base main', 'git:diff --base v1.0.0 --head v1.1.0', 'git:diff --staged'],
});

const statusEntry = fileChange.pick({ path: true, oldPath: true, status: true });

export const statusCommand = defineCommand({
  id: 'git:status',
  describe: 'The state of the work tree: branch, what is staged, changed, new or in conflict',
  input: z.object({
    paths: paths.optional(),
    untracked: z
      .enum(['all', 'folders', 'none'])
      .default('all')
      .describe('list new files one by one, folders of only new files as one entry, or neither'),
  }),
  output: z.object({
    branch: z.string().nullable().describe('null when no branch is checked out'),
    commit: z.string().nullable().describe('null before the first commit'),
    upstream: z.string().nullable(),
    ahead: z.int().describe('commits that the upstream does not have'),
    behind: z.int().describe('commits of the upstream that are not here'),
    clean: z.boolean().describe('nothing staged, changed, new or in conflict'),
    staged: z.array(statusEntry),
    unstaged: z.array(statusEntry),
    untracked: z.array(z.string()),
    conflicted: z.array(z.string()),
    truncated: z.boolean().describe('the lists leave something out because the whole is too large for an output'),
  }),
  permissions: { shell: ['git'] },
  handler: './git/status.js#default',
  examples: ['git:status', 'git:status --untracked none'],
});

export const commitCommand = defineCommand({
  id: 'git:commit',
  describe: 'Commits what is staged, the files named, or everything',
  input: z.object({
    message: z
      .string()
      .max(65_536)
      .regex(/^[^\0]*$/)
      .regex(/\S/)
      .describe('the commit message as it is; lines that start with "#" stay'),
    paths: paths.optional().describe('commit exactly these files, new and deleted ones too; what else is staged stays staged'),
    all: z.boolean().default(false).describe('stage every change first, new files too; not together with paths'),
    allowEmpty: z.boolean().default(false).describe('commit although nothing changed'),
    author: z
      .string()
      .max(512)
      .regex(/^[^<>\n\r\0]*[^<>\s\0][^<>\n\r\0]* <[^<>\s\0]+>$/)
      .optional()
      .describe('"Name <address>"; also the committer where git has no identity configured'),
  }),
  output: z.object({
    sha: z.string(),
    branch: z.string().nullable().describe('null when no branch is checked out'),
    parents: z.array(z.string()),
    stats: changeStats,
    files: z.array(fileChange).describe('compared with the first parent'),
    truncated: z.boolean().describe('files leaves something out because the whole is too large for an output'),
    repeated: z.boolean().describe('an earlier try of this step had made the commit already'),
  }),
  permissions: { shell: ['git'] },
  handler: './git/commit.js#default',
  examples: ['git:commit --message "Update the changelog" --all', 'git:commit --message "Pin versions" --paths package.json'],
});

export const hooksInstallCommand = defineCommand({
  id: 'git:hooks-install',
  describe: 'Has git tell about commits, so that they start the workflows that listen to pushes',
  input: z.object({
    merges: z.boolean().default(false).describe('also tell about what merges and pulls bring: what others wrote is then run as soon as it is pulled'),
    uninstall: z.boolean().default(false).describe('take it out of the hooks again'),
  }),
  output: z.object({
    hooks: z.array(
      z.object({
        name: z.enum(['post-commit', 'post-merge']),
        path: z.string().describe('the file that git runs'),
        state: z.enum(['installed', 'unchanged', 'removed', 'absent']),
      }),
    ),
  }),
  permissions: { shell: ['git', 'sh'] },
  handler: './git/hooks-install.js#default',
  examples: ['git:hooks-install', 'git:hooks-install --merges', 'git:hooks-install --uninstall'],
});

export const commentCommand = defineCommand({
  id: 'github:comment',
  describe: 'Creates or updates one comment on a pull request or a commit of GitHub, by itself on what is checked out',
  input: z.object({
    body: z.string().regex(/\S/).max(4_194_304).describe('Markdown; what is longer than GitHub takes is cut, and says so'),
    pull: z.int().min(1).optional().describe('the number of a pull request, or of an issue'),
    branch: z.string().min(1).max(255).optional().describe('the open pull request of this branch of the repository'),
    sha: z
      .string()
      .regex(/^[0-9a-fA-F]{7,64}$/)
      .optional()
      .describe('a commit; at most one of pull, branch and sha. None: the open pull request of the checked-out branch, else the checked-out commit'),
    repo: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9-]*\/(?!\.{1,2}$)[A-Za-z0-9._-]+$/)
      .max(200)
      .optional()
      .describe('"owner/name"; that of the remote "origin" when left out'),
    key: z
      .string()
      .regex(/^[A-Za-z0-9._/:@]+(?:-[A-Za-z0-9._/:@]+)*$/)
      .max(128)
      .optional()
      .describe('which comment: one for each key; workflow, job and step when left out'),
    api: z.string().max(2_048).default('https://api.github.com').describe('of a server of your own: https://<host>/api/v3'),
  }),
  output: z.object({
    id: z.int(),
    url: z.string().describe('where people read it'),
    created: z.boolean(),
    updated: z.boolean().describe('neither: it says the same already'),
    truncated: z.boolean(),
  }),
  permissions: { shell: ['git'], network: ['*'], secrets: ['GITHUB_TOKEN'] },
  handler: './github/comment.js#default',
  examples: ['github:comment --body "Looks good"', 'github:comment --pull 12 --body "Looks good"', 'github:comment --sha 1f2e3d4 --repo acme/app --key coverage --body "81 %"'],
});

export default definePlugin({
  id: '@kb-labs/commit-plugin',
  version,
  describe: 'Git as workflow steps: the change of a branch, the state of a work tree, a commit, a comment on GitHub',
  commands: [diffCommand, statusCommand, commitCommand, hooksInstallCommand, commentCommand],
});
