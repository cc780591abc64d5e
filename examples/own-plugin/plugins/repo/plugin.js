import { defineCommand, definePlugin } from '@kb-labs/sdk';
import { z } from 'zod';

export const stats = defineCommand({
  id: 'repo:stats',
  describe: 'Counts the files of the project by extension',
  input: z.object({
    glob: z.string().default('**').describe('which files, relative to the project'),
    ignore: z.array(z.string()).default(['.git', '.kb', 'node_modules']).describe('names of folders to leave out'),
    top: z.int().min(1).max(100).default(10).describe('extensions in the output, most files first; the artifact has all'),
  }),
  output: z.object({
    files: z.int(),
    bytes: z.int(),
    extensions: z.array(z.object({ extension: z.string(), files: z.int(), bytes: z.int() })),
  }),
  permissions: { fs: { read: ['**'] } },
  handler: './stats.js#default',
  examples: ['repo:stats', "repo:stats --glob 'src/**' --top 3"],
});

export default definePlugin({
  id: '@acme/repo-plugin',
  version: '1.0.0',
  describe: 'What a repository is made of',
  commands: [stats],
});
